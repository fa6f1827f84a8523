import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { type KafkaBus, kafkaBus } from "@bourse/bus/kafka";
import { type TestKafka, testKafka } from "@bourse/bus/testing";
import { removeDataFolder } from "@bourse/store/local-postgres";

const MAIN = join(import.meta.dirname, "../main.ts");

export interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  readonly stdout: string;
}

export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has said so far to people. */
  said(): string;
}

/** Commands as a person runs them, beside a real Kafka. */
export interface StreamCommands {
  /** Where they stand, with their data folder in it. */
  readonly folder: string;
  readonly bus: () => KafkaBus;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Command;
}

/** For a whole suite: begins before its tests, and afterwards takes the topics away again. */
export function streamCommands(topics: readonly string[]): StreamCommands {
  const folder = mkdtempSync(join(tmpdir(), "bourse-stream-"));
  let kafka: TestKafka;
  let bus: KafkaBus;
  before(async () => {
    kafka = await testKafka(process.env);
    bus = kafkaBus({ bootstrapServers: kafka.bootstrapServers, clientId: "test" });
  });
  after(async () => {
    for (const topic of topics) await bus.deleteTopic(topic).catch(() => undefined);
    await bus.close();
    await kafka.remove();
    removeDataFolder(join(folder, "data", "postgres"));
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    bus: () => bus,
    start: (args, env = {}) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        env: {
          ...process.env,
          KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
          KAFKA_TOPIC: "",
          DATABASE_URL: "",
          BOURSE_DATA: join(folder, "data"),
          BOURSE_URL: "",
          BOURSE_KEY: "",
          INIT_CWD: folder,
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let [stdout, stderr] = ["", ""];
      child.stdout.on("data", (chunk) => (stdout += chunk));
      child.stderr.on("data", (chunk) => (stderr += chunk));
      const ended = new Promise<Ended>((resolve) =>
        child.once("close", (status) => resolve({ status, stdout, stderr })),
      );
      return { child, ended, said: () => stderr };
    },
  };
}

/** The object that a command has written last; null: it has written none. */
// biome-ignore lint/suspicious/noExplicitAny: what comes of JSON.
export function jsonOf({ stdout }: Pick<Ended, "stdout">): any {
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) || "null");
}
