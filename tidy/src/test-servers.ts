import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaCacheFolder, startKafka } from "@bourse/bus/local-kafka";
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
  const isKafkaNeeded = needing.some((file) => /kafka/i.test(readFileSync(join(root, file), "utf8")));
  return isKafkaNeeded && !process.env.BOURSE_TEST_KAFKA ? startTestKafka() : async () => {};
}

/** A broker of our own. Where the machine can't run one, the tests that need it skip themselves and say so. */
async function startTestKafka(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-test-kafka-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const kafka = await startKafka({
      folder,
      cacheFolder: kafkaCacheFolder(process.env),
      progress: (line) => console.error(line),
    });
    process.env.BOURSE_TEST_KAFKA = kafka.bootstrapServers;
    return async () => {
      await kafka.stop();
      remove();
    };
  } catch (error) {
    remove();
    console.error(`No Kafka for the tests: ${error instanceof Error ? error.message : error}`);
    return async () => {};
  }
}
