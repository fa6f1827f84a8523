import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaCacheFolder, type LocalKafka, startKafka } from "@bourse/bus/local-kafka";
import { endsWithUs } from "@bourse/processes";
import { removeDataFolder, startPostgres } from "@bourse/store/local-postgres";

const ENTRY = join(import.meta.dirname, "../../../apps/cli/src/main.ts");
/** A processor that drains gives up after a quarter of it. */
const END_TIMEOUT_MS = 60_000;
const SHOWN_CHARACTERS = 3_000;

/** A broker and a database of our own, and the commands that work on them, each a process. */
export interface StreamServers {
  readonly folder: string;
  readonly kafka: LocalKafka;
  readonly adminUrl: string;
  /** Starts `bourse <args>`; what it says goes to a file. */
  start(name: string, args: readonly string[]): StreamProcess;
  /** Ends everything, and removes the folder. */
  stop(): Promise<void>;
}

export interface StreamProcess {
  readonly name: string;
  readonly ended: Promise<number | null>;
  /** Rejects with what it said last, where it does not end. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
  said(): string;
}

export async function startStreamServers(): Promise<StreamServers> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-stream-"));
  const running = new Set<StreamProcess>();
  const kafka = await startKafka({
    folder: join(folder, "kafka"),
    cacheFolder: kafkaCacheFolder(process.env),
  });
  const postgres = await startPostgres({ folder: join(folder, "postgres"), endsWithProcess: true });
  mkdirSync(join(folder, "logs"));
  const env = {
    ...process.env,
    KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
    DATABASE_URL: postgres.adminUrl,
    BOURSE_DATA: join(folder, "data"),
    KAFKA_TOPIC: "",
  };
  return {
    folder,
    kafka,
    adminUrl: postgres.adminUrl,
    start: (name, args) => {
      const started = startProcess({ name, args, env, logFile: join(folder, "logs", `${name}.log`) });
      running.add(started);
      void started.ended.then(() => running.delete(started));
      return started;
    },
    stop: async () => {
      await Promise.all([...running].map((each) => each.kill("SIGKILL")));
      await kafka.kill();
      await postgres.stop();
      removeDataFolder(join(folder, "postgres"));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startProcess(options: {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
}): StreamProcess {
  const log = openSync(options.logFile, "a");
  const { child } = endsWithUs("SIGKILL", () =>
    spawn(process.execPath, [ENTRY, ...options.args], {
      stdio: ["ignore", log, log],
      env: options.env,
    }),
  );
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const said = (): string => readFileSync(options.logFile, "utf8");
  return {
    name: options.name,
    ended,
    kill: (signal) =>
      new Promise((resolve, reject) => {
        const words = (): string => `${options.name} does not end: ${said().slice(-SHOWN_CHARACTERS)}`;
        const timer = setTimeout(() => reject(new Error(words())), END_TIMEOUT_MS);
        void ended.then((code) => {
          clearTimeout(timer);
          resolve(code);
        });
        child.kill(signal);
      }),
    said,
  };
}
