import { join } from "node:path";
import type { EventBus } from "@bourse/bus";
import type { ServiceName } from "@bourse/contracts";
import {
  type AnyServiceDefinition,
  createDirectory,
  createLogger,
  type PlatformDirectory,
  type RunningService,
  type Runtime,
  runService,
  tablesOwner,
} from "@bourse/host";
import { type LocalPostgres, startPostgres, tellPostgresToEnd } from "@bourse/store/local-postgres";
import { pino } from "pino";
import { openBus } from "./bus.ts";
import { chosenServices } from "./chosen-services.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { ServiceDatabases } from "./database.ts";
import { DEMO_SEED, type Demo, runDemo } from "./demo/run-demo.ts";
import { endWithProcess } from "./end-with-process.ts";
import { machineClock, machineRandom, machineTimer, newId } from "./machine.ts";
import type { Platform, PlatformOptions } from "./platform.ts";
import { PlatformError } from "./platform-error.ts";
import { forgetRefusal, keepRefusal } from "./refusals.ts";
import { readPlatformFile, removeRunFile, writeRunFile } from "./run-file.ts";

/** How long services may take to end what they have in hand. */
const DRAIN_MS = 15_000;

/**
 * Brings up the services of this process: data folder, PostgreSQL, bus, services side by side. With `only`, PostgreSQL
 * and the other services run elsewhere, found by `DATABASE_URL` and `<SERVICE>_URL`. Throws {@link PlatformError}.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const whole = options.only === undefined;
  if (whole && readPlatformFile(options.dataFolder) !== null) {
    throw new PlatformError(
      "already_running",
      `a platform runs from ${options.dataFolder}; \`bourse down\` stops it`,
    );
  }
  const starting = new StartingPlatform(options);
  try {
    return await starting.run();
  } catch (error) {
    await starting.stop();
    throw error;
  }
}

class StartingPlatform {
  readonly #options: PlatformOptions;
  readonly #data: DataFolder;
  readonly #services: readonly AnyServiceDefinition[];
  readonly #running: RunningService[] = [];
  #postgres: LocalPostgres | null = null;
  #stopped = (): void => undefined;
  #bus: EventBus | null = null;
  #directory: PlatformDirectory | null = null;
  #demo: Demo | null = null;
  #stopping: Promise<boolean> | null = null;

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.#services = chosenServices(options);
    this.#data = openDataFolder(options.dataFolder);
  }

  async run(): Promise<Platform> {
    const { only, progress } = this.#options;
    const wanted = this.#services.filter(({ name }) => only === undefined || only.includes(name));
    const adminUrl = await this.#database();
    const databases = new ServiceDatabases(adminUrl, this.#data);
    await databases.check(wanted.filter(({ migrations }) => migrations !== undefined).map(tablesOwner));
    this.#bus = await openBus({
      kind: this.#options.bus,
      data: this.#data,
      clock: machineClock,
      env: this.#options.env,
      services: wanted,
      progress,
      clientId: `bourse-${only?.join("-") ?? "platform"}-${process.pid}`,
      schemas: { env: this.#options.env, only, progress },
    });
    this.#directory = createDirectory({
      definitions: this.#services,
      urlOf: (name) => this.#urlOf(name),
      internalToken: this.#data.secret("internal token"),
      timer: machineTimer,
      random: machineRandom(),
    });
    const runtime = this.#runtime(this.#bus, databases, this.#directory);
    progress(`starting ${wanted.length === 1 ? wanted[0]?.name : `${wanted.length} services`}`);
    const outcomes = await Promise.allSettled(wanted.map((definition) => this.#start(definition, runtime)));
    this.#tellRefusals(wanted, outcomes);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    if (only === undefined) this.#writeRunFile();
    if (this.#options.demo && only === undefined) this.#demo = this.#runDemo(runtime);
    return {
      gatewayUrl: this.#urlOf("gateway"),
      operatorKey: this.#data.operatorKey,
      firstStart: this.#data.created,
      services: this.#running.map(({ definition, url }) => ({ name: definition.name, url })),
      stop: () => this.stop(),
    };
  }

  /** Ends services, bus and database in this order. Idempotent. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<boolean> {
    await this.#demo?.stop();
    const clean = await this.#drain();
    await this.#directory?.close();
    await this.#bus?.close();
    await this.#postgres?.stop();
    this.#stopped();
    if (this.#options.only === undefined && this.#running.length > 0) removeRunFile(this.#data.path);
    return clean;
  }

  /** Doors first: what they let in still needs the services behind them. */
  async #drain(): Promise<boolean> {
    let clean = true;
    for (const names of [["gateway"], ["order"], null] as const) {
      const group = this.#running.filter(
        ({ definition }) => names === null || (names as readonly string[]).includes(definition.name),
      );
      const drained = await Promise.all(group.map((service) => service.drain(DRAIN_MS)));
      clean = drained.every(Boolean) && clean;
    }
    return clean;
  }

  async #database(): Promise<string> {
    const given = this.#options.env.DATABASE_URL;
    if (given !== undefined && given !== "") return given;
    if (this.#options.only !== undefined) {
      throw new PlatformError(
        "missing_part",
        "a service by itself needs DATABASE_URL, such as postgres://user:password@host:5432/bourse",
      );
    }
    const folder = this.#data.folder("postgres");
    this.#stopped = endWithProcess(() => tellPostgresToEnd(folder));
    this.#postgres = await startPostgres({ folder, progress: this.#options.progress });
    return this.#postgres.adminUrl;
  }

  async #start(definition: AnyServiceDefinition, runtime: Runtime): Promise<void> {
    const port = this.#portOf(definition);
    try {
      const running = await runService(definition, {
        ...runtime,
        listen: { host: this.#options.host, port },
      });
      this.#running.push(running);
    } catch (error) {
      throw portTaken(error, definition, port) ?? error;
    }
  }

  /** R6: a restored database has its own end, and every service that it concerns is named. */
  #tellRefusals(
    wanted: readonly AnyServiceDefinition[],
    outcomes: readonly PromiseSettledResult<void>[],
  ): void {
    const messages: string[] = [];
    for (const [index, outcome] of outcomes.entries()) {
      const service = wanted[index]?.name;
      if (service === undefined) continue;
      if (outcome.status === "fulfilled") forgetRefusal(this.#data.path, service);
      else if (isLogAhead(outcome.reason)) {
        const { message } = outcome.reason;
        keepRefusal(this.#data, { service, message, at: new Date().toISOString() });
        messages.push(message);
      }
    }
    if (messages.length > 0) throw new PlatformError("log_ahead_of_store", messages.join("\n"));
  }

  #runDemo({ log }: Runtime): Demo {
    return runDemo({
      gatewayUrl: this.#urlOf("gateway"),
      operatorKey: this.#data.operatorKey,
      dataFolder: this.#data.path,
      seed: DEMO_SEED,
      run: newId().slice(0, 8),
      timer: machineTimer,
      log: (line) => log.warn({ service: "demo" }, line),
    });
  }

  #runtime(bus: EventBus, databases: ServiceDatabases, directory: PlatformDirectory): Runtime {
    const { env, only } = this.#options;
    // A service by itself logs where its container or supervisor reads; a whole platform leaves the terminal to people.
    const level = env.LOG_LEVEL ?? "info";
    const log =
      only === undefined
        ? createLogger({
            level,
            destination: pino.destination({
              dest: join(this.#data.folder("logs"), "platform.log"),
              sync: false,
            }),
          })
        : createLogger({ level });
    return {
      clock: machineClock,
      timer: machineTimer,
      newId,
      env: { ...env, BOURSE_OPERATOR_KEY: env.BOURSE_OPERATOR_KEY ?? this.#data.operatorKey },
      bus,
      migrate: databases.migrate,
      openStore: databases.openStore,
      directory,
      dataFolder: this.#data.folder("services"),
      secret: this.#data.secret("services"),
      internalToken: this.#data.secret("internal token"),
      log,
      listen: { host: this.#options.host },
    };
  }

  #portOf({ name, port }: AnyServiceDefinition): number {
    const given = this.#options.env[urlVariable(name)];
    if (given !== undefined) return Number(new URL(given).port);
    return this.#options.ports === "free" ? 0 : port;
  }

  #urlOf(name: ServiceName): string {
    const running = this.#running.find(({ definition }) => definition.name === name);
    if (running !== undefined) return running.url;
    const given = this.#options.env[urlVariable(name)];
    if (given !== undefined) return given.replace(/\/$/, "");
    const definition = this.#services.find((each) => each.name === name);
    return `http://127.0.0.1:${definition?.port ?? 0}`;
  }

  #writeRunFile(): void {
    writeRunFile(this.#data.path, {
      version: 1,
      bus: this.#options.bus,
      gatewayUrl: this.#urlOf("gateway"),
      startedAt: new Date().toISOString(),
      processes: [
        { name: "platform", pid: process.pid, url: this.#urlOf("gateway") },
        ...(this.#postgres === null ? [] : [{ name: "postgres", pid: this.#postgres.pid }]),
      ],
    });
  }
}

/** `MARKET_DATA_URL` says where market-data is, for the others and for itself. */
export function urlVariable(name: ServiceName): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_URL`;
}

function isLogAhead(reason: unknown): reason is Error {
  return reason instanceof Error && (reason as { readonly code?: unknown }).code === "log_ahead_of_store";
}

function portTaken(error: unknown, { name }: AnyServiceDefinition, port: number): PlatformError | null {
  if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") return null;
  return new PlatformError(
    "port_taken",
    `port ${port}, which ${name} listens on, is taken by another process. Stop it, or give ${name} another address ` +
      `with ${urlVariable(name)}, such as ${urlVariable(name)}=http://127.0.0.1:${port + 1_000}.`,
    { cause: error },
  );
}
