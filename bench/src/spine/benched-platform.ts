import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, definitions, readRunFile, startCluster } from "@bourse/platform";
import { choosePorts } from "@bourse/ports";
import { removeDataFolder, startPostgres, stopPostgres } from "@bourse/store/local-postgres";
import { commandProcessOf, entryOf, PROJECT_ROOT } from "../command-process.ts";

export const CLI_ENTRY: string = entryOf(PROJECT_ROOT);

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const LOOPBACK = "127.0.0.1";

/** A private platform in a temporary folder, as anyone would start it, without the demo. */
export interface BenchedPlatform {
  readonly dataFolder: string;
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  /** The superuser's address of its PostgreSQL. */
  readonly adminUrl: string;
  readonly postgresPid: number;
  readonly nodes: readonly { readonly name: string; readonly pid: number }[];
  readonly kafkaPid: number | null;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface BenchedOptions {
  /** Besides the bench's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly progress: (line: string) => void;
  /** A start that it ends leaves nothing running. On Kafka it ends once the platform is up. */
  readonly signal: AbortSignal;
  /** Of PostgreSQL, besides its own. */
  readonly databaseSettings?: Readonly<Record<string, string>>;
}

export interface EmbeddedOptions extends BenchedOptions {
  /** A checkout of the project whose platform it is, ready to run; this one by default. */
  readonly root?: string;
}

/** All services in one process, on the embedded bus. */
export async function startEmbedded(options: EmbeddedOptions): Promise<BenchedPlatform> {
  const dataFolder = mkdtempSync(join(tmpdir(), "bourse-bench-"));
  const args = ["up", "--no-demo", "--data", dataFolder];
  const { root = PROJECT_ROOT } = options;
  const { flags, env } = commandProcessOf(root)(args);
  let child: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (child !== undefined) await end(child);
    await removeFolder(dataFolder);
  };
  try {
    await startDatabase(dataFolder, options);
    child = spawn(process.execPath, [...flags, entryOf(root), ...args], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...ownEnvironment(), ...env, ...(await freeAddresses()), ...options.env },
    });
    const run = await whenUp(child, dataFolder, options.signal);
    const postgres = await startPostgres({ folder: join(dataFolder, "postgres") });
    return {
      dataFolder,
      gatewayUrl: run.gatewayUrl,
      operatorKey: readFileSync(join(dataFolder, "operator.key"), "utf8").trim(),
      adminUrl: postgres.adminUrl,
      postgresPid: postgres.pid,
      nodes: [{ name: "platform", pid: child.pid ?? 0 }],
      kafkaPid: null,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A local broker, PostgreSQL, and each service by itself. */
export async function startOnKafka(options: BenchedOptions): Promise<BenchedPlatform> {
  const dataFolder = mkdtempSync(join(tmpdir(), "bourse-bench-"));
  let cluster: Cluster | undefined;
  const stop = async (): Promise<void> => {
    await cluster?.stop();
    await removeFolder(dataFolder);
  };
  try {
    await startDatabase(dataFolder, options);
    cluster = await startCluster({
      dataFolder,
      bus: "kafka",
      demo: false,
      ports: "free",
      host: LOOPBACK,
      env: { ...ownEnvironment(), ...options.env },
      progress: options.progress,
      entry: CLI_ENTRY,
    });
    options.signal.throwIfAborted();
    const postgres = await startPostgres({ folder: join(dataFolder, "postgres") });
    const processes = cluster.processes();
    return {
      dataFolder,
      gatewayUrl: cluster.gatewayUrl,
      operatorKey: cluster.operatorKey,
      adminUrl: postgres.adminUrl,
      postgresPid: postgres.pid,
      nodes: processes.filter(({ name }) => name !== "kafka" && name !== "postgres"),
      kafkaPid: processes.find(({ name }) => name === "kafka")?.pid ?? null,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The platform adopts a database that runs in its folder. */
async function startDatabase(dataFolder: string, { databaseSettings }: BenchedOptions): Promise<void> {
  if (databaseSettings !== undefined)
    await startPostgres({ folder: join(dataFolder, "postgres"), settings: databaseSettings });
}

/** Without what a person's own platform is given: another database, other addresses, another broker. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^BOURSE_|^KAFKA_BOOTSTRAP_SERVERS$|^[A-Z_]+_URL$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

/** PostgreSQL keeps part of its data elsewhere where its user can't reach the folder. */
async function removeFolder(dataFolder: string): Promise<void> {
  const folder = join(dataFolder, "postgres");
  // Where the platform did not come up, the database that was started for it still runs.
  await stopPostgres(folder);
  removeDataFolder(folder);
  rmSync(dataFolder, { recursive: true, force: true });
}

async function whenUp(
  child: ChildProcess,
  dataFolder: string,
  signal: AbortSignal,
): Promise<NonNullable<ReturnType<typeof readRunFile>>> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2_000);
  });
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (performance.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const run = readRunFile(dataFolder);
    if (run !== null) return run;
    await sleep(POLL_MS);
    signal.throwIfAborted();
  }
  throw new Error(`the platform did not come up (ended with ${child.exitCode ?? child.signalCode}): ${said}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** `WALLET_URL` and its like say where a service listens: anywhere free, so that a platform that runs is left alone. */
async function freeAddresses(): Promise<Record<string, string>> {
  const ports = await choosePorts(definitions.length);
  return Object.fromEntries(
    definitions.map(({ name }, index) => [
      `${name.toUpperCase().replaceAll("-", "_")}_URL`,
      `http://${LOOPBACK}:${ports[index]}`,
    ]),
  );
}
