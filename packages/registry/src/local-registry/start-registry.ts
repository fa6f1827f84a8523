import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { choosePorts } from "@bourse/ports";
import { endsWithUs } from "@bourse/processes";
import { confluentRegistry } from "../confluent-registry.ts";
import { RegistryError } from "../registry-error.ts";
import { type ProvisionRegistryOptions, provisionRegistry } from "./provision-registry.ts";

export interface LocalRegistry {
  /** Of the REST API, for `confluentRegistry` and any other client. */
  readonly url: string;
  /** Ends it; what it was told is gone. Idempotent. */
  stop(): Promise<void>;
}

export interface StartRegistryOptions extends ProvisionRegistryOptions {
  /** Default: a free one. */
  readonly port?: number;
}

const START_TIMEOUT_MS = 120_000;
const PAUSE_MS = 100;

/**
 * Starts a registry of our own that keeps everything in memory, and waits until it answers. It ends with this process.
 * Throws {@link RegistryError}.
 */
export async function startRegistry(options: StartRegistryOptions): Promise<LocalRegistry> {
  const jar = await provisionRegistry(options);
  const port = options.port ?? (await choosePorts(1))[0];
  const { child: server } = endsWithUs("SIGKILL", () =>
    spawn(
      "java",
      [
        "-Xms64m",
        "-Xmx256m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        `-Dquarkus.http.port=${port}`,
        "-Dquarkus.http.host=127.0.0.1",
        "-jar",
        jar,
      ],
      { cwd: dirname(jar), stdio: ["ignore", "pipe", "pipe"], detached: true },
    ),
  );
  const ended = new Promise<void>((resolve) => {
    server.once("exit", () => resolve());
    server.once("error", () => resolve());
  });
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  await untilItAnswers(server, url);
  return {
    url,
    stop: async () => {
      server.kill("SIGKILL");
      await ended;
    },
  };
}

async function untilItAnswers(server: ChildProcess, url: string): Promise<void> {
  let tail = "";
  for (const stream of [server.stdout, server.stderr])
    stream?.on("data", (chunk: Buffer) => {
      tail = `${tail}${chunk.toString()}`.slice(-1500);
    });
  const client = confluentRegistry({ url });
  const deadlineMs = performance.now() + START_TIMEOUT_MS;
  try {
    while (server.exitCode === null && server.signalCode === null && performance.now() < deadlineMs) {
      try {
        await client.subjects();
        return;
      } catch {
        await sleep(PAUSE_MS);
      }
    }
  } finally {
    await client.close();
  }
  server.kill("SIGKILL");
  throw new RegistryError("registry_unavailable", `Apicurio Registry did not start; its log ends:\n${tail}`);
}
