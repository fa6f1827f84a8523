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
import { StoreError } from "@bourse/store";
import { type LocalPostgres, startPostgres, tellPostgresToEnd } from "@bourse/store/local-postgres";
import { pino } from "pino";
import { openBus } from "./bus.ts";
import { chosenServices } from "./chosen-services.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { ServiceDatabases } from "./database.ts";
import { givenDatabaseUrl } from "./database-url.ts";
import { DEMO_SEED, type Demo, runDemo } from "./demo/run-demo.ts";
import { endWithProcess } from "./end-with-process.ts";
import { lockDataFolder } from "./folder-lock.ts";
import { boundLogs } from "./log-files.ts";
import { machineClock, machineRandom, machineTimer, newId } from "./machine.ts";
import type { Platform, PlatformOptions } from "./platform.ts";
import { PlatformError } from "./platform-error.ts";
import { forgetRefusal, keepRefusal } from "./refusals.ts";
import { removeRunFile, writeRunFile } from "./run-file.ts";
import { givenAddress, urlVariable } from "./service-address.ts";
import { stoppedParts } from "./service-standing.ts";

/** How long services may take to end what they have in hand. */
const DRAIN_MS = 15_000;

/**
 * Brings up the services of this process: data folder, PostgreSQL, bus, services side by side. With `only`, PostgreSQL
 * and the other services run elsewhere, found by `DATABASE_URL` and `<SERVICE>_URL`. Throws {@link PlatformError}.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  // A service by itself is one of many.
  const release = options.only === undefined ? lockDataFolder(options.dataFolder) : () => undefined;
  let starting: StartingPlatform | undefined;
  try {
    starting = new StartingPlatform(options, release);
    return await starting.run();
  } catch (error) {
    await starting?.stop();
    release();
    throw error;
  }
}

class StartingPlatform {
  readonly #options: PlatformOptions;
  readonly #data: DataFolder;
  readonly #services: readonly AnyServiceDefinition[];
  readonly #running: RunningService[] = [];
  readonly #release: () => void;
  #postgres: LocalPostgres | null = null;
  #stopped = (): void => undefined;
  #bus: EventBus | null = null;
  #directory: PlatformDirectory | null = null;
  #demo: Demo | null = null;
  #stopping: Promise<boolean> | null = null;
  #leaveLogs: () => Promise<void> = async () => undefined;

  constructor(options: PlatformOptions, release: () => void) {
    this.#options = options;
    this.#release = release;
    this.#services = chosenServices(options);
    // A wrong address is refused before anything is started.
    for (const { name } of this.#services) givenAddress(options.env, name);
    this.#data = openDataFolder(options.dataFolder, options.env);
  }

  async run(): Promise<Platform> {
    const { only, progress } = this.#options;
    const wanted = this.#services.filter(({ name }) => only === undefined || only.includes(name));
    const adminUrl = await this.#database();
    const databases = new ServiceDatabases(adminUrl, this.#data);
    await this.#checkDatabase(databases, wanted);
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
    if (only === undefined)
      this.#leaveLogs = boundLogs({
        folders: [this.#data.folder("logs")],
        timer: machineTimer,
        failed: (error) => runtime.log.error({ err: error }, "a log could not be emptied, and grows"),
      });
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
      services: this.#addresses,
      stopped: () => stoppedParts(this.#addresses, this.#data),
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
    await this.#leaveLogs();
    this.#stopped();
    if (this.#options.only === undefined && this.#running.length > 0) removeRunFile(this.#data.path);
    this.#release();
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
    const given = givenDatabaseUrl(this.#options.env.DATABASE_URL);
    if (given !== undefined) return given;
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

  async #checkDatabase(databases: ServiceDatabases, wanted: readonly AnyServiceDefinition[]): Promise<void> {
    const owners = wanted.filter(({ migrations }) => migrations !== undefined).map(tablesOwner);
    try {
      await databases.check(owners);
    } catch (cause) {
      const own = this.#postgres !== null;
      if (own || !(cause instanceof StoreError) || cause.code !== "store_unavailable") throw cause;
      throw new PlatformError(
        "missing_part",
        `PostgreSQL can't be reached by DATABASE_URL: ${cause.message}`,
        {
          cause,
        },
      );
    }
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
      throw notListening(error, { name: definition.name, host: this.#options.host, port }) ?? error;
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
        const unkept = keepRefusal(this.#data, { service, message, at: new Date().toISOString() });
        messages.push(
          unkept === null ? message : `${message}\n(\`bourse status\` won't show this: ${unkept})`,
        );
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
    const level = logLevel(env);
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
      env: {
        ...env,
        BOURSE_OPERATOR_KEY: this.#data.operatorKey,
        // A whole platform has no instance beside it that connections could be led to.
        ...(only === undefined ? { HTTP_DRAIN_NOTICE_MS: "0" } : {}),
      },
      bus,
      migrate: databases.migrate,
      openStore: databases.openStore,
      directory,
      dataFolder: this.#data.folder("services"),
      secret: this.#data.secret("services"),
      internalToken: this.#data.secret("internal token"),
      log,
      ending: this.#options.ending,
      listen: { host: this.#options.host },
    };
  }

  #portOf({ name, port }: AnyServiceDefinition): number {
    return givenAddress(this.#options.env, name)?.port ?? (this.#options.ports === "free" ? 0 : port);
  }

  #urlOf(name: ServiceName): string {
    const running = this.#running.find(({ definition }) => definition.name === name);
    if (running !== undefined) return running.url;
    const given = givenAddress(this.#options.env, name);
    if (given !== null) return given.url;
    const definition = this.#services.find((each) => each.name === name);
    return `http://127.0.0.1:${definition?.port ?? 0}`;
  }

  get #addresses(): Platform["services"] {
    return this.#running.map(({ definition, url }) => ({ name: definition.name, url }));
  }

  #writeRunFile(): void {
    writeRunFile(this.#data.path, {
      version: 1,
      bus: this.#options.bus,
      gatewayUrl: this.#urlOf("gateway"),
      startedAt: new Date().toISOString(),
      services: this.#addresses,
      processes: [
        { name: "platform", pid: process.pid, url: this.#urlOf("gateway") },
        ...(this.#postgres === null ? [] : [{ name: "postgres", pid: this.#postgres.pid }]),
      ],
    });
  }
}

function isLogAhead(reason: unknown): reason is Error {
  return reason instanceof Error && (reason as { readonly code?: unknown }).code === "log_ahead_of_store";
}

/** The codes of an address that is not this machine's, or not this user's. */
const NOT_AN_ADDRESS = ["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN", "EACCES"];

function notListening(
  error: unknown,
  { name, host, port }: { readonly name: ServiceName; readonly host: string; readonly port: number },
): PlatformError | null {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (NOT_AN_ADDRESS.includes(code))
    return new PlatformError(
      "missing_part",
      `${name} can't listen on ${host}, port ${port} (${message}): allowed is an address of this machine, by --host or ` +
        `BOURSE_HOST, and a port that this user may have, by ${urlVariable(name)}`,
      { cause: error },
    );
  if (code !== "EADDRINUSE") return null;
  return new PlatformError(
    "port_taken",
    `port ${port}, which ${name} listens on, is taken by another process. Stop it, or give ${name} another address ` +
      `with ${urlVariable(name)}, such as ${urlVariable(name)}=http://127.0.0.1:${port + 1_000}.`,
    { cause: error },
  );
}

/** A wrong one is refused by the services, which say what is allowed. */
function logLevel({ LOG_LEVEL: given = "info" }: PlatformOptions["env"]): string {
  return given === "silent" || Object.hasOwn(pino.levels.values, given) ? given : "info";
}
