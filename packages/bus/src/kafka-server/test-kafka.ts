import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removedWithUs } from "@bourse/processes";
import { BusError } from "../bus-error.ts";
import { dockerAnswers } from "./kafka-container.ts";
import type { LocalKafka, StartKafkaOptions } from "./local-kafka.ts";
import { kafkaCacheFolder, provisionKafka } from "./provision-kafka.ts";
import { startKafka } from "./start-kafka.ts";

/** What of the environment decides which broker the tests use. */
export interface KafkaTestEnvironment {
  /** A broker that the test runner has started for all tests. */
  readonly BOURSE_TEST_KAFKA?: string | undefined;
  /** A broker that is there anyway. */
  readonly KAFKA_BOOTSTRAP_SERVERS?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly CI?: string | undefined;
}

export interface TestKafka {
  readonly bootstrapServers: string;
  /** Ends it, where it was started for this. */
  remove(): Promise<void>;
}

/** The broker of the environment, or one of our own in a temporary folder. Throws as {@link startKafka}. */
export async function testKafka(environment: KafkaTestEnvironment): Promise<TestKafka> {
  const given = givenServers(environment);
  if (given !== undefined) return { bootstrapServers: given, remove: async () => undefined };
  return privateKafka(environment, { progress });
}

/** A broker in a temporary folder that no other test uses, so that a test may stop it. */
export async function privateKafka(
  environment: KafkaTestEnvironment,
  options: Partial<StartKafkaOptions> = {},
): Promise<LocalKafka & TestKafka> {
  const folder = mkdtempSync(join(tmpdir(), "bus-kafka-"));
  const letStay = removedWithUs(folder);
  const removeFolder = (): void => {
    rmSync(folder, { recursive: true, force: true });
    letStay();
  };
  try {
    const server = await startKafka({ folder, cacheFolder: kafkaCacheFolder(environment), ...options });
    const remove = async (): Promise<void> => {
      await server.kill();
      removeFolder();
    };
    return Object.assign(server, { remove });
  } catch (cause) {
    removeFolder();
    throw cause;
  }
}

/**
 * Why a test can't have its Kafka here, or undefined where it can: `any` broker, or one of its `own`. In CI there is no
 * such reason: it is thrown, so that nothing is skipped there.
 */
export async function kafkaSkip(
  environment: KafkaTestEnvironment,
  wanted: "any" | "own",
): Promise<string | undefined> {
  if (wanted === "any" && givenServers(environment) !== undefined) return undefined;
  try {
    await provisionKafka({ cacheFolder: kafkaCacheFolder(environment), progress });
    return undefined;
  } catch (cause) {
    if (await dockerAnswers()) return undefined;
    if (environment.CI === "true" || !(cause instanceof BusError)) throw cause;
    return `there is no Kafka: ${cause.message}`;
  }
}

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

function givenServers({
  BOURSE_TEST_KAFKA,
  KAFKA_BOOTSTRAP_SERVERS,
}: KafkaTestEnvironment): string | undefined {
  return BOURSE_TEST_KAFKA || KAFKA_BOOTSTRAP_SERVERS || undefined;
}
