import { join } from "node:path";
import type { Clock } from "@bourse/base";
import { type EventBus, embeddedBus, kafkaBus } from "@bourse/bus";
import { catalogue } from "@bourse/contracts";
import type { DataFolder } from "./data-folder.ts";
import { PlatformError } from "./platform-error.ts";
import { type SchemaFramingOptions, withSchemaIds } from "./schema-framing.ts";

/** Opens the event bus and sees to its topics: partition counts are fixed, another one is refused (R3). */
export async function openBus(options: {
  readonly kind: "embedded" | "kafka";
  readonly data: DataFolder;
  readonly clock: Clock;
  readonly bootstrapServers: string | undefined;
  readonly clientId: string;
  readonly schemas: Omit<SchemaFramingOptions, "idsFile">;
}): Promise<EventBus> {
  const bus = open(options);
  try {
    await bus.ensureTopics(
      catalogue.map(({ name, partitions, retentionMs }) => ({ name, partitions, retentionMs })),
    );
    return await withSchemaIds(bus, { ...options.schemas, idsFile: idsFileIn(options.data) });
  } catch (error) {
    await bus.close();
    throw error;
  }
}

function open(options: Parameters<typeof openBus>[0]): EventBus {
  if (options.kind === "embedded")
    return embeddedBus({ folder: options.data.folder("bus"), clock: options.clock });
  const { bootstrapServers, clientId } = options;
  if (bootstrapServers === undefined || bootstrapServers === "") {
    throw new PlatformError(
      "missing_part",
      "a service on Kafka needs KAFKA_BOOTSTRAP_SERVERS, such as 127.0.0.1:9092; `npm run up:kafka` starts a local broker",
    );
  }
  return kafkaBus({ bootstrapServers, clientId });
}

function idsFileIn(data: DataFolder): string {
  return join(data.path, "schema-ids.json");
}
