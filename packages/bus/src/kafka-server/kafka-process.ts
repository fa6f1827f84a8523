import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { endsWithUs } from "@bourse/processes";
import { BusError } from "../bus-error.ts";

interface JavaSurroundings {
  /** Where its settings (`server.properties`), data and log are. */
  readonly folder: string;
  /** The folder of Kafka's jars. */
  readonly libraries: string;
  /** Kafka's classes as Java maps them, where there is such a file; one that Java does not take it goes without. */
  readonly classArchive?: string | undefined;
}

export interface KafkaProcessOptions extends JavaSurroundings {
  /** What clients are told. */
  readonly bootstrapServers: string;
  readonly heapMb?: number;
  readonly forThroughput?: boolean;
  readonly outlivesProcess?: boolean;
  /** Where a stop, not a kill, leaves an archive of the classes that were loaded. It takes some seconds longer then. */
  readonly archiveClassesTo?: string;
}

/** It ends what hangs: beside much else a server takes many times as long as alone. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const ARCHIVE_TIMEOUT_MS = 120_000;
/** What a KRaft server logs once it answers. */
const STARTED = "Kafka Server started";

export const PROPERTIES = "server.properties";
/** The node's `log.dirs`, in its folder. */
export const DATA = "data";

/** A Java process with one Kafka node. */
export class KafkaProcess {
  readonly bootstrapServers: string;
  readonly logFile: string;
  readonly #options: KafkaProcessOptions;
  readonly #command: readonly string[];
  #process: ChildProcess | undefined;

  constructor(options: KafkaProcessOptions) {
    const { folder, bootstrapServers } = options;
    this.#options = options;
    this.bootstrapServers = bootstrapServers;
    this.logFile = join(folder, "kafka.log");
    this.#command = [...javaOptions(options), "kafka.Kafka", PROPERTIES];
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async start(signal?: AbortSignal): Promise<void> {
    const log = openSync(this.logFile, "a");
    const from = statSync(this.logFile).size;
    // A process group of its own: Ctrl-C in a terminal must not end it before those who still write to it.
    const { child: server, letGoOn } = endsWithUs("SIGKILL", () =>
      spawn("java", this.#command, {
        ...surroundings(this.#options),
        stdio: ["ignore", log, log],
        detached: true,
      }),
    );
    closeSync(log);
    const ended = new Promise<void>((resolve) => {
      server.once("exit", () => resolve());
      server.once("error", () => resolve());
    });
    this.#process = server;
    void ended.then(() => {
      if (this.#process === server) this.#process = undefined;
    });
    await this.#untilStarted(server, from, signal);
    // While it starts nobody else knows of it yet.
    if (this.#options.outlivesProcess !== true) return;
    letGoOn();
    server.unref();
  }

  async #untilStarted(server: ChildProcess, from: number, signal: AbortSignal | undefined): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!this.#logSince(from).includes(STARTED)) {
      if (signal?.aborted === true) {
        await this.kill();
        signal.throwIfAborted();
      }
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
    const limitMs = this.#options.archiveClassesTo === undefined ? STOP_TIMEOUT_MS : ARCHIVE_TIMEOUT_MS;
    const tooLong = setTimeout(() => server.kill("SIGKILL"), limitMs);
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

/**
 * A request of a megabyte is garbage as soon as it is written: a young generation that is used over and over stays in the
 * processor's caches, and the pauses of this collector are short, since next to nothing in it lives on.
 */
const THROUGHPUT = ["-XX:+UseParallelGC", "-Xmn96m"];

function javaOptions(options: KafkaProcessOptions): readonly string[] {
  const { forThroughput = false, heapMb = forThroughput ? 1024 : 384, archiveClassesTo } = options;
  return [
    ...mapped(options),
    ...(archiveClassesTo === undefined ? [] : [`-XX:ArchiveClassesAtExit=${archiveClassesTo}`]),
    `-Xms${Math.min(heapMb, 256)}m`,
    `-Xmx${heapMb}m`,
    ...(forThroughput ? THROUGHPUT : ["-XX:+UseSerialGC"]),
    // The second compiler takes a fifth of what a broker does in its first ten seconds, and a broker here is young.
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info",
  ];
}

function mapped({ classArchive }: Pick<JavaSurroundings, "classArchive">): readonly string[] {
  return classArchive === undefined ? [] : [`-XX:SharedArchiveFile=${classArchive}`];
}

/**
 * Settings name what is in the folder by paths that begin there: Kafka takes a comma in them for the end of one, and other
 * letters than ASCII for Latin-1. Java itself knows the folder's name only where the locale has its letters.
 *
 * An archive of classes is of one order of jars, and that of a wildcard is as the file system has it.
 */
function surroundings({ folder, libraries }: JavaSurroundings): {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
} {
  const jars = readdirSync(libraries).filter((name) => name.endsWith(".jar"));
  const classPath = jars.sort().map((name) => join(libraries, name));
  return { cwd: folder, env: { ...process.env, LC_ALL: "C.UTF-8", CLASSPATH: classPath.join(delimiter) } };
}

export interface FormatOptions extends JavaSurroundings {
  /** Default: a new one. The nodes of a cluster share it. */
  readonly clusterId?: string;
  /** Such as `--standalone` or `--add-scram`. */
  readonly options: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** A folder is formatted before its first start: its cluster gets an id. */
export async function formatOnce(format: FormatOptions): Promise<void> {
  const { folder, clusterId = newClusterId(), options } = format;
  if (existsSync(join(folder, DATA, "meta.properties"))) return;
  const command = [
    "-XX:TieredStopAtLevel=1",
    "kafka.tools.StorageTool",
    "format",
    // One argument: an id may begin with a dash.
    `--cluster-id=${clusterId}`,
    "--config",
    PROPERTIES,
    ...options,
  ];
  await runJava({ ...format, command, failure: "Kafka's folder could not be formatted" });
}

export function newClusterId(): string {
  return randomBytes(16).toString("base64url");
}

export interface RunJavaOptions extends JavaSurroundings {
  readonly command: readonly string[];
  readonly signal?: AbortSignal | undefined;
  /** Said before what Java said, where it ends with a failure. */
  readonly failure: string;
}

export async function runJava(options: RunJavaOptions): Promise<void> {
  const { command, signal, failure } = options;
  const java = spawn("java", [...mapped(options), ...command], {
    ...surroundings(options),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  for (const stream of [java.stdout, java.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000);
    });
  }
  const [code] = (await once(java, "close")) as [number | null];
  if (code === 0) return;
  throw new BusError("bus_unavailable", `${failure}: ${output.trim()}`, { retryable: false });
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
