import { execFile } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { BusError } from "../bus-error.ts";
import type { LocalKafka, StartKafkaOptions } from "./local-kafka.ts";
import { KAFKA_VERSION } from "./provision-kafka.ts";
import { type Ports, serverProperties } from "./server-properties.ts";

const IMAGE = `apache/kafka:${KAFKA_VERSION}`;
const START_TIMEOUT_MS = 120_000;
const STARTED = "Kafka Server started";

/** Whether a container engine is there and answers. */
export async function dockerAnswers(): Promise<boolean> {
  try {
    await docker("info", "--format", "{{.ServerVersion}}");
    return true;
  } catch {
    return false;
  }
}

/** The same broker as a container, where there is no Java: the image is fetched by the engine. Throws {@link BusError}. */
export async function startKafkaContainer(options: StartKafkaOptions, ports: Ports): Promise<LocalKafka> {
  const { folder, outlivesProcess, heapMb, forThroughput, progress } = options;
  const settings = join(folder, "settings");
  const data = join(folder, "data");
  for (const each of [settings, data]) mkdirSync(each, { recursive: true });
  // The image runs as a user of its own.
  chmodSync(data, 0o777);
  writeFileSync(join(settings, "server.properties"), containerProperties(options, ports));
  const name = `bourse-kafka-${ports.broker}`;
  progress?.(`starting ${IMAGE} as the container ${name}`);
  await docker("rm", "--force", name).catch(() => undefined);
  await docker(
    "run",
    "--detach",
    "--name",
    name,
    "--publish",
    `127.0.0.1:${ports.broker}:${ports.broker}`,
    "--volume",
    `${resolve(settings)}:/mnt/shared/config:ro`,
    "--volume",
    `${resolve(data)}:${CONTAINER_DATA}`,
    "--env",
    `KAFKA_HEAP_OPTS=-Xmx${heapMb ?? (forThroughput === true ? 1024 : 384)}m`,
    IMAGE,
  );
  const container = new KafkaContainer(name, ports, folder);
  if (outlivesProcess !== true) process.once("exit", () => execFile("docker", ["kill", name]));
  await container.untilStarted(options.signal);
  return container;
}

const CONTAINER_DATA = "/var/lib/kafka/data";

function containerProperties(options: StartKafkaOptions, ports: Ports): string {
  const more = [
    `log.dirs=${CONTAINER_DATA}`,
    `listeners=PLAINTEXT://0.0.0.0:${ports.broker},CONTROLLER://127.0.0.1:${ports.controller}`,
    // The image formats the folder itself, which it can for static voters only.
    "controller.quorum.bootstrap.servers=",
    `controller.quorum.voters=1@127.0.0.1:${ports.controller}`,
  ];
  return serverProperties({
    ...options,
    ports,
    extraProperties: [...(options.extraProperties ?? []), ...more],
  });
}

class KafkaContainer implements LocalKafka {
  readonly bootstrapServers: string;
  readonly logFile: string;
  /** It is the engine's process, not ours. */
  readonly pid = undefined;
  readonly #name: string;

  constructor(name: string, ports: Ports, folder: string) {
    this.#name = name;
    this.bootstrapServers = `127.0.0.1:${ports.broker}`;
    this.logFile = join(folder, "kafka.log");
  }

  async stop(): Promise<void> {
    await docker("stop", this.#name);
  }

  async kill(): Promise<void> {
    await docker("kill", this.#name).catch(() => undefined);
  }

  async restart(): Promise<void> {
    await docker("restart", this.#name);
    await this.untilStarted();
  }

  async untilStarted(signal?: AbortSignal): Promise<void> {
    const since = (await docker("inspect", "--format", "{{.State.StartedAt}}", this.#name)).trim();
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const log = await docker("logs", "--since", since, this.#name);
      if (log.includes(STARTED)) break;
      if (signal?.aborted === true) {
        await this.kill();
        signal.throwIfAborted();
      }
      const running =
        (await docker("inspect", "--format", "{{.State.Running}}", this.#name)).trim() === "true";
      if (!running || performance.now() > deadline) {
        throw new BusError(
          "bus_unavailable",
          `the container ${this.#name} did not start:\n${log.slice(-1500)}`,
          {
            retryable: true,
          },
        );
      }
    }
    appendFileSync(this.logFile, `the log is in the container: docker logs ${this.#name}\n`);
  }
}

async function docker(...command: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)("docker", [...command], { maxBuffer: 64_000_000 });
    return stdout + stderr;
  } catch (cause) {
    throw new BusError(
      "bus_unavailable",
      `docker ${command[0]} failed: ${cause instanceof Error ? cause.message : cause}`,
      {
        retryable: true,
        cause,
      },
    );
  }
}
