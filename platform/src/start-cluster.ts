import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, closeSync, fstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { settledWithin } from "@bourse/base";
import { kafkaCacheFolder, type LocalKafka, startKafka } from "@bourse/bus/local-kafka";
import type { ServiceName } from "@bourse/contracts";
import { choosePorts } from "@bourse/ports";
import { type LocalPostgres, startPostgres, tellPostgresToEnd } from "@bourse/store/local-postgres";
import { chosenServices } from "./chosen-services.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { DEMO_SEED, type Demo, runDemo } from "./demo/run-demo.ts";
import { endWithProcess } from "./end-with-process.ts";
import { lockDataFolder } from "./folder-lock.ts";
import { kafkaSettingsOf } from "./kafka/kafka-settings.ts";
import { boundLogs, logEnd } from "./log-files.ts";
import { machineTimer, newId } from "./machine.ts";
import type { Platform, PlatformOptions, RunningProcess, StoppedPart } from "./platform.ts";
import { PlatformError } from "./platform-error.ts";
import { forgetRefusal, readRefusals } from "./refusals.ts";
import { removeRunFile, writeRunFile } from "./run-file.ts";
import { givenAddress, urlVariable } from "./service-address.ts";
import { isUp, stoppedParts } from "./service-standing.ts";
import { signal } from "./stop-platform.ts";

/** A platform of many processes: a local broker, PostgreSQL, and each service by itself. */
export interface Cluster extends Platform {
  /** SIGKILL to a service, `kafka` or `postgres`. */
  kill(name: string): Promise<void>;
  /** Starts it again and waits until it takes work. */
  restart(name: string): Promise<void>;
  readonly processes: () => readonly RunningProcess[];
}

const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 20_000;
const POLL_MS = 100;

/** Starts the parts one after the other and the services side by side. Throws {@link PlatformError}. */
export async function startCluster(options: PlatformOptions & { readonly entry: string }): Promise<Cluster> {
  const release = lockDataFolder(options.dataFolder);
  let cluster: LocalCluster | undefined;
  try {
    cluster = new LocalCluster(options, release);
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster?.stop();
    release();
    throw error;
  }
}

class LocalCluster implements Cluster {
  readonly #options: PlatformOptions & { readonly entry: string };
  readonly #data: DataFolder;
  readonly #children = new Map<ServiceName, ChildProcess>();
  readonly #urls = new Map<ServiceName, string>();
  /** Where in its log the last start of a service begins. */
  readonly #logStarts = new Map<ServiceName, number>();
  readonly #release: () => void;
  #postgres: LocalPostgres | null = null;
  #kafka: LocalKafka | null = null;
  #demo: Demo | null = null;
  #stopping: Promise<boolean> | null = null;
  #stopped = (): void => undefined;
  #leaveLogs: () => Promise<void> = async () => undefined;

  constructor(options: PlatformOptions & { readonly entry: string }, release: () => void) {
    this.#options = options;
    this.#release = release;
    this.#data = openDataFolder(options.dataFolder, options.env);
  }

  get gatewayUrl(): string {
    return this.#urls.get("gateway") ?? "";
  }

  get operatorKey(): string {
    return this.#data.operatorKey;
  }

  get firstStart(): boolean {
    return this.#data.created;
  }

  get services(): Platform["services"] {
    return [...this.#urls].map(([name, url]) => ({ name, url }));
  }

  async start(): Promise<void> {
    const { progress, env, ending } = this.#options;
    const services = chosenServices({ env });
    // What a service would refuse is said before anything is started.
    const [brokers] = services.map(({ name }) => kafkaSettingsOf(env, [name]).bootstrapServers);
    this.#stopped = endWithProcess(() => this.#tellToEnd());
    this.#leaveLogs = boundLogs({
      folders: ["logs", "kafka"].map((name) => join(this.#data.path, name)),
      timer: machineTimer,
      failed: (error) => progress(`a log could not be emptied, and grows: ${String(error)}`),
    });
    progress("starting PostgreSQL");
    this.#postgres = await startPostgres({ folder: this.#data.folder("postgres"), progress });
    this.#goOn("Kafka was started");
    if (brokers === undefined) {
      progress("starting Kafka: one broker, which keeps the only copy of each topic (R9)");
      this.#kafka = await startKafka({
        folder: this.#data.folder("kafka"),
        cacheFolder: kafkaCacheFolder(env),
        progress,
        outlivesProcess: true,
        ...(ending === undefined ? {} : { signal: ending }),
      }).catch((error: unknown) => {
        this.#goOn("Kafka had started");
        throw error;
      });
    }
    const free = this.#options.ports === "free" ? await choosePorts(services.length) : [];
    for (const [nth, { name, port }] of services.entries())
      this.#urls.set(name, givenAddress(env, name)?.url ?? `http://127.0.0.1:${free[nth] ?? port}`);
    progress(`starting ${services.length} services, each its own process`);
    for (const { name } of services) this.#spawn(name);
    this.#writeRunFile();
    await Promise.all(services.map(({ name }) => this.#ready(name)));
    if (this.#options.demo) this.#demo = this.#runDemo();
  }

  #runDemo(): Demo {
    const file = join(this.#data.folder("logs"), "demo.log");
    return runDemo({
      gatewayUrl: this.gatewayUrl,
      operatorKey: this.operatorKey,
      dataFolder: this.#data.path,
      seed: DEMO_SEED,
      run: newId().slice(0, 8),
      timer: machineTimer,
      log: (line) => appendFileSync(file, `${line}\n`),
    });
  }

  processes = (): readonly RunningProcess[] => {
    const services = [...this.#children].flatMap(([name, child]) => {
      const url = this.#urls.get(name);
      return child.pid === undefined || url === undefined ? [] : [{ name, pid: child.pid, url }];
    });
    const kafka = this.#kafka?.pid === undefined ? [] : [{ name: "kafka", pid: this.#kafka.pid }];
    const postgres = this.#postgres === null ? [] : [{ name: "postgres", pid: this.#postgres.pid }];
    return [...services, ...kafka, ...postgres];
  };

  async kill(name: string): Promise<void> {
    if (name === "postgres") return await this.#postgres?.kill();
    if (name === "kafka") return await this.#kafka?.kill();
    const child = this.#children.get(name as ServiceName);
    if (child === undefined) throw new PlatformError("not_running", `${name} does not run`);
    const ended = exited(child);
    child.kill("SIGKILL");
    await ended;
  }

  async restart(name: string): Promise<void> {
    if (name === "postgres") await this.#postgres?.restart();
    else if (name === "kafka") await this.#kafka?.restart();
    else {
      this.#spawn(name as ServiceName);
      await this.#ready(name as ServiceName);
    }
    this.#writeRunFile();
  }

  stopped(): Promise<readonly StoppedPart[] | null> {
    return stoppedParts(this.services, this.#data);
  }

  stop(): Promise<boolean> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<boolean> {
    await this.#demo?.stop();
    // The doors first, so that nobody asks a service that is gone.
    const children = [...this.#children].sort(
      ([left], [right]) => Number(right === "gateway") - Number(left === "gateway"),
    );
    const ended = await Promise.all(children.map(([, child]) => endChild(child)));
    await this.#kafka?.stop();
    await this.#postgres?.stop();
    await this.#leaveLogs();
    this.#stopped();
    removeRunFile(this.#data.path);
    this.#release();
    return ended.every(Boolean);
  }

  /** Services have nothing to lose by being killed; broker and database end cleanly, by themselves. */
  #tellToEnd(): void {
    for (const child of this.#children.values()) child.kill("SIGKILL");
    const broker = this.#kafka?.pid;
    if (broker !== undefined) signal(broker, "SIGTERM");
    tellPostgresToEnd(this.#data.folder("postgres"));
  }

  #spawn(name: ServiceName): void {
    forgetRefusal(this.#data.path, name);
    const log = openSync(join(this.#data.folder("logs"), `${name}.log`), "a");
    this.#logStarts.set(name, fstatSync(log).size);
    const urls = Object.fromEntries([...this.#urls].map(([service, url]) => [urlVariable(service), url]));
    // One service allocates less than all of them: its young generation need not be as large as V8's.
    const args = [
      "--max-semi-space-size=8",
      this.#options.entry,
      "up",
      "--only",
      name,
      "--bus",
      "kafka",
      "--data",
      this.#data.path,
    ];
    const child = spawn(process.execPath, args, {
      // A group of its own: Ctrl-C in the terminal is for the parent, which ends its children in order.
      detached: true,
      stdio: ["ignore", log, log],
      env: {
        ...this.#options.env,
        ...urls,
        DATABASE_URL: this.#postgres?.adminUrl ?? this.#options.env.DATABASE_URL,
        KAFKA_BOOTSTRAP_SERVERS: this.#bootstrapServers,
      },
    });
    closeSync(log);
    this.#children.set(name, child);
  }

  async #ready(name: ServiceName): Promise<void> {
    const url = this.#urls.get(name) ?? "";
    const child = this.#children.get(name);
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline) {
      if (child !== undefined && hasEnded(child)) throw this.#failed(name, endOf(child));
      // What has stopped waits for an operator, who needs the platform to mend it (R8).
      if (await isUp(url, this.#data)) return;
      this.#goOn(`${name} was ready`);
      await machineTimer.sleep(POLL_MS);
    }
    throw this.#failed(name, `was not ready within ${READY_TIMEOUT_MS / 1_000} s`);
  }

  /** Throws where the start was told to end before that. */
  #goOn(before: string): void {
    if (this.#options.ending?.aborted === true)
      throw new PlatformError("told_to_end", `ended before ${before}`);
  }

  #failed(name: ServiceName, what: string): PlatformError {
    // R6: what refused to start has said why, and others may have as well.
    const refusals = readRefusals(this.#data.path);
    if (refusals.some(({ service }) => service === name))
      return new PlatformError("log_ahead_of_store", refusals.map(({ message }) => message).join("\n"));
    const file = join(this.#data.path, "logs", `${name}.log`);
    return new PlatformError(
      "start_failed",
      `${name} ${what}; the end of ${file}:\n${logEnd(file, 3, this.#logStarts.get(name))}`,
    );
  }

  get #bootstrapServers(): string | undefined {
    return this.#kafka?.bootstrapServers ?? this.#options.env.KAFKA_BOOTSTRAP_SERVERS;
  }

  #writeRunFile(): void {
    const servers = this.#bootstrapServers;
    writeRunFile(this.#data.path, {
      version: 1,
      bus: "kafka",
      gatewayUrl: this.gatewayUrl,
      ...(servers === undefined ? {} : { bootstrapServers: servers }),
      startedAt: new Date().toISOString(),
      services: this.services,
      processes: this.processes(),
    });
  }
}

/** Where a signal has ended it there is no exit code. */
function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

function endOf({ exitCode, signalCode }: ChildProcess): string {
  return signalCode === null ? `ended with code ${exitCode}` : `was ended by ${signalCode}`;
}

function exited(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** SIGTERM, and SIGKILL after a while. False where that was needed. */
async function endChild(child: ChildProcess): Promise<boolean> {
  const ended = exited(child);
  child.kill("SIGTERM");
  const clean = await settledWithin(machineTimer, STOP_TIMEOUT_MS, ended);
  if (!clean) child.kill("SIGKILL");
  await ended;
  return clean;
}
