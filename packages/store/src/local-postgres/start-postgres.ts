import { choosePorts } from "@bourse/ports";
import { isRunning } from "@bourse/processes";
import { StoreError } from "../store-error.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { type DataFolder, openDataFolder, rememberedPort, rememberPort } from "./data-folder.ts";
import { initialise } from "./initialise.ts";
import { type Postmaster, runningPostmaster } from "./postmaster.ts";
import { pause, startServer } from "./server-process.ts";
import { type ServerUser, serverUser } from "./server-user.ts";

export interface LocalPostgresOptions {
  /** Made where it does not exist. Everything the server keeps is here or, where its user can't reach it, pointed to. */
  readonly folder: string;
  /** On the loopback address. Default: the last one used, or a free one. */
  readonly port?: number;
  /** A line for a person, where something takes a while. */
  readonly progress?: (line: string) => void;
  /** Overrides of postgresql.conf, as text. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Where it is started, and not adopted, it ends with this process, also where that is killed. */
  readonly endsWithProcess?: boolean;
}

/**
 * A real PostgreSQL that outlives the process that started it, but where it is not to: the next start adopts it, or recovers
 * its data.
 */
export interface LocalPostgres {
  /** The superuser's, over the unix socket. A secret. */
  readonly adminUrl: string;
  readonly socketFolder: string;
  readonly port: number;
  readonly pid: number;
  /** Whether it ran already. */
  readonly adopted: boolean;
  /** Ends sessions, writes a checkpoint, ends. */
  stop(): Promise<void>;
  /** A crash: SIGKILL. */
  kill(): Promise<void>;
  /** Stops it where it runs, and starts it on the same port and folder. */
  restart(): Promise<void>;
}

const STOP_TIMEOUT_MS = 20_000;
const ADOPT_TIMEOUT_MS = 60_000;
const HEAR_TIMEOUT_MS = 10_000;
const HEAR_POLL_MS = 2;

/** Starts PostgreSQL in `folder`, or adopts the one that runs there. Throws `StoreError` `local_server_failed`. */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const user = serverUser();
  const folder = openDataFolder(options.folder, user);
  const server = new Server(options, user, folder);
  await server.start();
  return server;
}

/** Stops the server of a folder, whoever started it; false where none runs. */
export async function stopPostgres(folder: string): Promise<boolean> {
  const found = runningPostmaster(openDataFolder(folder, serverUser()).data);
  if (found !== undefined) await end(found.pid, "SIGINT");
  return found !== undefined;
}

/**
 * The same for who is about to end: asks the server to, which it then does by itself, and blocks until it has heard, so that
 * the next start does not take it for one that goes on.
 */
export function tellPostgresToEnd(folder: string): void {
  const { data } = openDataFolder(folder, serverUser());
  const found = runningPostmaster(data);
  if (found === undefined) return;
  process.kill(found.pid, "SIGINT");
  const until = performance.now() + HEAR_TIMEOUT_MS;
  while (runningPostmaster(data)?.ready === true && performance.now() < until)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HEAR_POLL_MS);
}

class Server implements LocalPostgres {
  readonly #options: LocalPostgresOptions;
  readonly #user: ServerUser | undefined;
  readonly #folder: DataFolder;
  #binaries: Binaries | undefined;
  #running: Postmaster = { pid: 0, port: 0, socketFolder: "", ready: false };
  adopted = false;

  constructor(options: LocalPostgresOptions, user: ServerUser | undefined, folder: DataFolder) {
    this.#options = options;
    this.#user = user;
    this.#folder = folder;
  }

  get adminUrl(): string {
    const { port, socketFolder } = this.#running;
    const host = encodeURIComponent(socketFolder);
    return `postgres://postgres:${this.#folder.password}@localhost:${port}/postgres?host=${host}`;
  }

  get socketFolder(): string {
    return this.#running.socketFolder;
  }

  get port(): number {
    return this.#running.port;
  }

  get pid(): number {
    return this.#running.pid;
  }

  async start(): Promise<void> {
    this.adopted = await this.#adopt();
    if (this.adopted) return;
    this.#binaries ??= findBinaries(this.#user);
    await initialise(this.#binaries, this.#folder, this.#user, this.#options.progress);
    const started = await startServer({
      binaries: this.#binaries,
      folder: this.#folder,
      user: this.#user,
      port: this.#options.port ?? (await choosePort(this.#folder)),
      settings: this.#options.settings ?? {},
      endsWithProcess: this.#options.endsWithProcess ?? false,
      progress: this.#options.progress,
    });
    if (started !== undefined) this.#running = started;
    else {
      this.adopted = await this.#adopt();
      if (!this.adopted)
        throw failed(`a PostgreSQL of ${this.#folder.folder} was started and ended meanwhile`);
    }
    rememberPort(this.#folder, this.#running.port);
  }

  async #adopt(): Promise<boolean> {
    const found = runningPostmaster(this.#folder.data);
    if (found === undefined) return false;
    const { port } = this.#options;
    if (port !== undefined && found.port !== port && found.port > 0) {
      throw failed(
        `a PostgreSQL of ${this.#folder.folder} runs on port ${found.port}, not on ${port}: stop it first`,
      );
    }
    const running = await whenReady(this.#folder, found.pid);
    if (running === undefined) return false;
    this.#running = running;
    return true;
  }

  async stop(): Promise<void> {
    await end(this.#running.pid, "SIGINT");
  }

  async kill(): Promise<void> {
    await end(this.#running.pid, "SIGKILL");
  }

  async restart(): Promise<void> {
    const found = runningPostmaster(this.#folder.data);
    if (found !== undefined) await end(found.pid, "SIGINT");
    await this.start();
  }
}

/** undefined: it was about to end, and has. */
async function whenReady(folder: DataFolder, pid: number): Promise<Postmaster | undefined> {
  for (const until = performance.now() + ADOPT_TIMEOUT_MS; performance.now() < until; await pause()) {
    const found = runningPostmaster(folder.data);
    if (found?.pid !== pid) return undefined;
    if (found.ready) return found;
  }
  throw failed(
    `the PostgreSQL of ${folder.folder} (process ${pid}) does not become ready: see ${folder.log}`,
  );
}

async function end(pid: number, signal: "SIGINT" | "SIGKILL"): Promise<void> {
  if (pid === 0 || !isRunning(pid)) return;
  process.kill(pid, signal);
  const started = performance.now();
  for (let urged = false; isRunning(pid); await pause()) {
    if (!urged && performance.now() - started > STOP_TIMEOUT_MS) {
      urged = true;
      process.kill(pid, "SIGQUIT");
    }
    if (performance.now() - started > 2 * STOP_TIMEOUT_MS)
      throw failed(`PostgreSQL (process ${pid}) does not end`);
  }
}

/** The last port, if nobody took it, so that addresses that people wrote down stay true. */
async function choosePort(folder: DataFolder): Promise<number> {
  const [port = 0] = await choosePorts(1, [rememberedPort(folder)]).catch((error: Error) => {
    throw failed(error.message);
  });
  return port;
}

function failed(message: string): StoreError {
  return new StoreError("local_server_failed", message, { retryable: false });
}
