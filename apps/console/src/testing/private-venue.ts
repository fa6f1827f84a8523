import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventBus, embeddedBus, type OutgoingBatch } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { catalogue } from "@bourse/contracts";
import { openDataFolder, type Platform, startPlatform } from "@bourse/platform";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { type RunningConsole, startConsole } from "../serve/start-console.ts";

/** A platform of the test's own with its console, on free ports. */
export interface PrivateVenue {
  readonly platform: Platform;
  readonly console: RunningConsole;
  end(): Promise<void>;
}

/** `seed`: what lies in the topics before the platform starts. `kafka`: brokers in place of the embedded log. */
export async function privateVenue(
  seed: readonly OutgoingBatch[],
  { kafka }: { readonly kafka?: string } = {},
): Promise<PrivateVenue> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-console-"));
  await fill(
    kafka === undefined
      ? embeddedBus({ folder: openDataFolder(folder).folder("bus") })
      : kafkaBus({ bootstrapServers: kafka, clientId: "seed" }),
    seed,
  );
  const platform = await startPlatform({
    dataFolder: folder,
    bus: kafka === undefined ? "embedded" : "kafka",
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    env: { LOG_LEVEL: "error", ...(kafka === undefined ? {} : { KAFKA_BOOTSTRAP_SERVERS: kafka }) },
    progress: () => {},
  });
  const running = await startConsole({
    gatewayUrl: platform.gatewayUrl,
    host: "127.0.0.1",
    port: 0,
    progress: () => {},
  });
  return {
    platform,
    console: running,
    async end() {
      await running.close();
      await platform.stop();
      removeDataFolder(join(folder, "postgres"));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fill(bus: EventBus, seed: readonly OutgoingBatch[]): Promise<void> {
  await bus.ensureTopics(
    catalogue.map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
  );
  await bus.send(seed);
  await bus.close();
}
