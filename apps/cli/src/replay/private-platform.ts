import { fork } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Cluster } from "@bourse/platform";
import { CliError } from "../cli-error.ts";
import { removeData } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import type { FromPlatform, PrivatePlatformOptions } from "./platform-process.ts";

/** A platform that nobody else knows of: free ports, a folder that goes with it. */
export interface PrivatePlatform {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  readonly dataFolder: string;
  /** Its processes, where each service has its own. */
  readonly cluster: Cluster | null;
  /** Takes it down and removes its folder. Idempotent. */
  remove(): Promise<void>;
}

export interface StartPrivateOptions {
  readonly bus: "embedded" | "kafka";
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
  /** Leaves the folder where it is. */
  readonly keep?: boolean;
}

/** Starts one: in a process of its own, or with Kafka each service in its own. */
export async function startPrivatePlatform(options: StartPrivateOptions): Promise<PrivatePlatform> {
  const dataFolder = mkdtempSync(join(tmpdir(), "bourse-private-"));
  const removeFolder = async (): Promise<void> => {
    if (options.keep !== true) await removeData(dataFolder);
  };
  // What the person's own platform is given must not reach this one: another database, other addresses.
  const env = options.env ?? withoutAddresses(process.env);
  try {
    const running =
      options.bus === "kafka"
        ? await startKafkaCluster({ dataFolder, env, progress: options.progress })
        : await startInProcess({ dataFolder, env, keep: options.keep === true }, options.progress);
    let removing: Promise<void> | undefined;
    return {
      ...running,
      dataFolder,
      remove() {
        removing ??= running.stop().finally(removeFolder);
        return removing;
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

interface Running {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  readonly cluster: Cluster | null;
  stop(): Promise<void>;
}

const ENTRY = fileURLToPath(new URL("../main.ts", import.meta.url));

async function startKafkaCluster(
  options: Omit<PrivatePlatformOptions, "keep"> & { readonly progress: (line: string) => void },
): Promise<Running> {
  const { startCluster } = await import("@bourse/platform");
  const cluster = await startCluster({
    ...options,
    bus: "kafka",
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    entry: ENTRY,
  });
  const stop = async (): Promise<void> => void (await cluster.stop());
  return { gatewayUrl: cluster.gatewayUrl, operatorKey: cluster.operatorKey, cluster, stop };
}

/** Not in this process: what sends and what serves don't take each other's time. */
async function startInProcess(
  options: PrivatePlatformOptions,
  progress: (line: string) => void,
): Promise<Running> {
  const child = fork(fileURLToPath(new URL("./platform-process.ts", import.meta.url)), {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let words = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.send(options);
  const up = await new Promise<Extract<FromPlatform, { kind: "up" }>>((resolve, reject) => {
    child.on("message", (message: FromPlatform) => {
      if (message.kind === "progress") progress(message.line);
      else if (message.kind === "up") resolve(message);
      else reject(new CliError(EXIT.failed, `the private platform did not start: ${message.reason}`));
    });
    child.once("exit", (code) =>
      reject(
        new CliError(
          EXIT.failed,
          `the private platform ended with code ${code}${logEnd(options.dataFolder)}\n${words}`,
        ),
      ),
    );
  });
  return {
    gatewayUrl: up.gatewayUrl,
    operatorKey: up.operatorKey,
    cluster: null,
    async stop() {
      // It ends when it is let go of: also when this process dies.
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function logEnd(dataFolder: string): string {
  try {
    const lines = readFileSync(join(dataFolder, "logs", "platform.log"), "utf8")
      .trimEnd()
      .split("\n");
    return `; the end of its log:\n${lines.slice(-5).join("\n")}`;
  } catch {
    return "";
  }
}

function withoutAddresses(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) => !/^(BOURSE_|DATABASE_URL$|KAFKA_BOOTSTRAP_SERVERS$)|^[A-Z_]+_URL$/.test(name),
    ),
  );
}
