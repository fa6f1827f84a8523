import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaSkip, testKafka } from "@bourse/bus/testing";
import {
  CLICKHOUSE,
  PROMETHEUS,
  programSkip,
  provisionProgram,
  startClickHouse,
} from "@bourse/platform/testing";
import { registrySkip, testRegistry } from "@bourse/registry/testing";
import { testServer } from "@bourse/store/testing";
import { suiteOf } from "./test-files.ts";

/**
 * Starts once what many test files need, and tells them by the environment. A server that is given there already is
 * used as it is. Resolves to what takes them down again.
 */
export async function startTestServers(root: string, files: readonly string[]): Promise<() => Promise<void>> {
  const needing = files.filter((file) => suiteOf(file) === "int");
  if (needing.length === 0) return async () => {};
  // It ends with this process.
  process.env.BOURSE_TEST_DATABASE_URL = await testServer();
  const mentions = (word: RegExp): boolean =>
    needing.some((file) => word.test(readFileSync(join(root, file), "utf8")));
  if (mentions(/prometheus/i)) await bringPrometheus();
  const started: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const each of started.toReversed()) await each();
  };
  try {
    if (mentions(/clickhouse/i)) started.push(await startTestClickHouse());
    if (mentions(/kafka/i)) started.push(await startTestKafka());
    if (mentions(/registrySkip/)) started.push(await startTestRegistry());
    return stop;
  } catch (error) {
    // One that could not start must not leave the others running: this process would wait for them without end.
    await stop();
    throw error;
  }
}

const progress = (line: string): void => console.error(line);

/** Fetched before the tests, where it is not there: they start it by themselves, or skip and say so. */
async function bringPrometheus(): Promise<void> {
  const reason = await programSkip(PROMETHEUS, { environment: process.env, progress });
  if (reason !== undefined) console.error(reason);
}

/** Where it can't be had, the tests that need it skip themselves; what would help is said here. */
async function startTestClickHouse(): Promise<() => Promise<void>> {
  const { env: environment } = process;
  if (environment.BOURSE_TEST_CLICKHOUSE) return async () => {};
  const reason = await programSkip(CLICKHOUSE, { environment, progress });
  if (reason !== undefined) {
    console.error(reason);
    return async () => {};
  }
  const server = await startClickHouse(await provisionProgram(CLICKHOUSE, { environment, progress }));
  environment.BOURSE_TEST_CLICKHOUSE = server.url;
  return () => server.stop();
}

/** Where the machine can't run a broker, the tests that need it skip themselves and say so. */
async function startTestKafka(): Promise<() => Promise<void>> {
  const reason = await kafkaSkip(process.env, "any");
  if (reason !== undefined) {
    console.error(reason);
    return async () => {};
  }
  const kafka = await testKafka(process.env);
  process.env.BOURSE_TEST_KAFKA = kafka.bootstrapServers;
  return () => kafka.remove();
}

async function startTestRegistry(): Promise<() => Promise<void>> {
  const reason = await registrySkip(process.env);
  if (reason !== undefined) {
    console.error(reason);
    return async () => {};
  }
  const registry = await testRegistry(process.env);
  process.env.BOURSE_TEST_SCHEMA_REGISTRY = registry.url;
  return () => registry.stop();
}
