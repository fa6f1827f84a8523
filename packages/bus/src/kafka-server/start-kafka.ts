import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { BusError } from "../bus-error.ts";
import { dockerAnswers, startKafkaContainer } from "./kafka-container.ts";
import { provisionKafka } from "./provision-kafka.ts";
import { type Ports, serverProperties } from "./server-properties.ts";

export interface StartKafkaOptions {
  /** Where its data, settings and log are; made where it is missing. Data survives a restart. */
  readonly folder: string;
  readonly cacheFolder: string;
  /** Default: the port of the last start, or a free one. */
  readonly port?: number;
  /** Default 384, or 1,024 for throughput. */
  readonly heapMb?: number;
  /** Lets Java compile for speed instead of for a quick start. */
  readonly forThroughput?: boolean;
  /** It goes on when this process ends; the default is that it ends too. */
  readonly outlivesProcess?: boolean;
  /** The port that clients are told to use, where something stands between. Default: its own. */
  readonly advertisedPort?: number;
  /** A second listener with TLS and SASL, such as `SECURE://localhost:9093`; its settings are extra properties. */
  readonly secureListener?: string;
  /** Lines of server.properties that are added to ours. */
  readonly extraProperties?: readonly string[];
  /** Options for the formatting of a new folder, such as `--add-scram`. */
  readonly formatOptions?: readonly string[];
  readonly progress?: (line: string) => void;
}

export interface LocalKafka {
  readonly bootstrapServers: string;
  /** Of the running process; undefined while it is stopped. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Ends it cleanly. Idempotent. */
  stop(): Promise<void>;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again at the same address; stops it first where it runs. */
  restart(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
/** What a KRaft server logs once it answers. */
const STARTED = "Kafka Server started";

/**
 * Starts one Apache Kafka broker of our own in KRaft mode and waits until it answers; as a container where only a
 * container engine is there. Throws {@link BusError}.
 */
export async function startKafka(options: StartKafkaOptions): Promise<LocalKafka> {
  const libraries = await provisionKafka(options).catch(orContainer);
  mkdirSync(options.folder, { recursive: true });
  const ports = await choosePorts(options);
  if (libraries === "container") return startKafkaContainer(options, ports);
  const properties = join(options.folder, "server.properties");
  writeFileSync(properties, serverProperties({ ...options, ports }));
  writeFileSync(join(options.folder, "ports.json"), JSON.stringify(ports));
  await formatOnce(options, libraries, properties);
  const server = new KafkaServer(options, libraries, properties, ports);
  await server.start();
  return server;
}

/** Where Java or Maven is missing a container engine will do. */
async function orContainer(cause: unknown): Promise<"container"> {
  if (cause instanceof BusError && cause.code === "bus_refused" && (await dockerAnswers()))
    return "container";
  throw cause;
}

class KafkaServer implements LocalKafka {
  readonly bootstrapServers: string;
  readonly logFile: string;
  readonly #options: StartKafkaOptions;
  readonly #command: readonly string[];
  #process: ChildProcess | undefined;

  constructor(options: StartKafkaOptions, libraries: string, properties: string, ports: Ports) {
    this.#options = options;
    this.bootstrapServers = `127.0.0.1:${ports.broker}`;
    this.logFile = join(options.folder, "kafka.log");
    this.#command = [...javaOptions(options), "-cp", join(libraries, "*"), "kafka.Kafka", properties];
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(): Promise<void> {
    const log = openSync(this.logFile, "a");
    const from = statSync(this.logFile).size;
    // A process group of its own: Ctrl-C in a terminal must not end it before those who still write to it.
    const server = spawn("java", this.#command, { stdio: ["ignore", log, log], detached: true });
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      server.once("exit", () => resolve());
      server.once("error", () => resolve());
    });
    this.#process = server;
    const end = (): void => void server.kill("SIGKILL");
    if (this.#options.outlivesProcess !== true) process.once("exit", end);
    void ended.then(() => {
      process.removeListener("exit", end);
      if (this.#process === server) this.#process = undefined;
    });
    await this.#untilStarted(server, from);
    if (this.#options.outlivesProcess === true) server.unref();
  }

  async #untilStarted(server: ChildProcess, from: number): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!this.#logSince(from).includes(STARTED)) {
      const running = this.#process === server;
      if (running && performance.now() < deadline) {
        await pause(50);
        continue;
      }
      server.kill("SIGKILL");
      const reason = running ? `did not answer within ${START_TIMEOUT_MS} ms` : "ended while it was starting";
      throw new BusError(
        "bus_unavailable",
        `Kafka ${reason}; ${this.logFile} ends:\n${this.#logSince(from).slice(-1500)}`,
        {
          retryable: true,
        },
      );
    }
  }

  #logSince(from: number): string {
    return readFileSync(this.logFile).subarray(from).toString();
  }

  async stop(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    server.ref();
    const exited = once(server, "exit");
    server.kill("SIGTERM");
    const tooLong = setTimeout(() => server.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(tooLong);
  }

  async kill(): Promise<void> {
    const server = this.#process;
    if (server === undefined) return;
    server.ref();
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }
}

function javaOptions({ heapMb, forThroughput = false }: StartKafkaOptions): readonly string[] {
  const heap = heapMb ?? (forThroughput ? 1024 : 384);
  return [
    `-Xms${Math.min(heap, 256)}m`,
    `-Xmx${heap}m`,
    ...(forThroughput ? [] : ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]),
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
  ];
}

/** A folder is formatted before its first start: its cluster gets an id. */
async function formatOnce(options: StartKafkaOptions, libraries: string, properties: string): Promise<void> {
  if (existsSync(join(options.folder, "data", "meta.properties"))) return;
  const storageTool = ["-cp", join(libraries, "*"), "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"];
  const clusterId = randomBytes(16).toString("base64url");
  await runJava([
    ...storageTool,
    "format",
    // One argument: an id may begin with a dash.
    `--cluster-id=${clusterId}`,
    "--config",
    properties,
    "--standalone",
    ...(options.formatOptions ?? []),
  ]);
}

async function runJava(command: readonly string[]): Promise<void> {
  const java = spawn("java", [...command], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [java.stdout, java.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000);
    });
  }
  const [code] = (await once(java, "close")) as [number | null];
  if (code === 0) return;
  throw new BusError("bus_unavailable", `Kafka's folder could not be formatted: ${output.trim()}`, {
    retryable: false,
  });
}

async function choosePorts({ folder, port }: StartKafkaOptions): Promise<Ports> {
  const last = lastPorts(folder);
  return {
    broker: port ?? (await freePort(last?.broker)),
    controller: await freePort(last?.controller),
  };
}

function lastPorts(folder: string): Ports | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "ports.json"), "utf8")) as Ports;
  } catch {
    return undefined;
  }
}

/** The wanted port where nobody listens on it, or else any that is free. */
async function freePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await listens(wanted)) === wanted) return wanted;
  const free = await listens(0);
  if (free === undefined) throw new BusError("bus_unavailable", "there is no free port", { retryable: true });
  return free;
}

async function listens(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
