import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { present } from "@bourse/base";
import { type ManualClock, manualClock } from "@bourse/base/testing";
import { type EmbeddedBus, embeddedBus } from "@bourse/bus";
import { catalogue, type Topic } from "@bourse/contracts";
import { migrate, postgresStore } from "@bourse/store";
import { scratchFolder, type TestDatabase, testDatabase } from "@bourse/store/testing";
import { createDirectory, type PlatformDirectory } from "../directory.ts";
import { createLogger } from "../logging.ts";
import type { Runtime } from "../runtime.ts";
import { machineTimer } from "./machine-timer.ts";

export const TEST_TOKEN = "test token between services";

export interface TestRuntimeOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Start of the manual clock, in milliseconds since the epoch. */
  readonly nowMs?: number;
  /** Default `silent`. */
  readonly logLevel?: string;
  /** Of a service that keeps something: a database of its own with this schema. */
  readonly schema?: string;
  readonly directory?: PlatformDirectory;
  /** Besides those of the catalogue. */
  readonly topics?: readonly Topic[];
}

export interface TestRuntime {
  readonly runtime: Runtime;
  readonly clock: ManualClock;
  readonly bus: EmbeddedBus;
  readonly database: TestDatabase | null;
  /** Run at the end of the test, the last one first. */
  readonly ends: (() => Promise<unknown>)[];
}

/** The part of `node:test`'s context that is needed. */
export interface TestEnd {
  after(fn: () => Promise<void>): void;
}

/** What the platform would choose, for one test: a folder, a bus and, where asked for, a database of its own. */
export async function testRuntime(t: TestEnd, options: TestRuntimeOptions = {}): Promise<TestRuntime> {
  const clock = manualClock(options.nowMs);
  const folder = await mkdtemp(join(scratchFolder(), "bourse-host-"));
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  t.after(async () => {
    for (const end of ends.reverse()) await end();
  });
  const database =
    options.schema === undefined
      ? null
      : await testDatabase({ after: (end) => ends.push(end) }, { schema: options.schema });
  const bus = embeddedBus({ folder: join(folder, "bus"), clock });
  ends.push(() => bus.close());
  await bus.ensureTopics(
    [...catalogue, ...(options.topics ?? [])].map(({ name, partitions, retentionMs }) => ({
      name,
      partitions,
      retentionMs,
    })),
  );
  const directory =
    options.directory ??
    createDirectory({
      definitions: [],
      urlOf: () => "http://127.0.0.1:1",
      internalToken: TEST_TOKEN,
      timer: machineTimer,
    });
  ends.push(() => directory.close());
  const runtime: Runtime = {
    clock,
    timer: machineTimer,
    newId: () => randomBytes(16).toString("hex"),
    env: { LOG_LEVEL: options.logLevel ?? "silent", ...options.env },
    bus,
    migrate: async (_service, folders) => {
      const { url, schema } = present(database, "a database");
      await migrate(url, { schema, folders });
    },
    openStore: (_service, pool) => {
      const { url, schema } = present(database, "a database");
      return postgresStore({ url, schema, applicationName: `test ${pool}`, maxConnections: 4 });
    },
    directory,
    dataFolder: join(folder, "data"),
    secret: "test secret",
    internalToken: TEST_TOKEN,
    log: createLogger({ level: options.logLevel ?? "silent" }),
    validateEvents: true,
    listen: { host: "127.0.0.1", port: 0 },
  };
  return { runtime, clock, bus, database, ends };
}
