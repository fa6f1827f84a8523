import { join } from "node:path";
import type { Clock } from "@bourse/base";
import { type EventBus, embeddedBus } from "@bourse/bus";
import { catalogue } from "@bourse/contracts";
import type { AnyServiceDefinition, Environment } from "@bourse/host";
import type { DataFolder } from "./data-folder.ts";
import { type KafkaSettings, kafkaSettingsOf } from "./kafka/kafka-settings.ts";
import { accessOf } from "./kafka/service-access.ts";
import { copiesFor, topicSpecs } from "./kafka/topic-settings.ts";
import { PlatformError } from "./platform-error.ts";
import { type SchemaFramingOptions, withSchemaIds } from "./schema-framing.ts";

export interface OpenBusOptions {
  readonly kind: "embedded" | "kafka";
  readonly data: DataFolder;
  readonly clock: Clock;
  readonly env: Environment;
  /** Where they are not those of the environment. */
  readonly bootstrapServers?: string;
  readonly clientId: string;
  /** The services that will use it; their topics are seen to, and whether the brokers let them do what they do. */
  readonly services: readonly AnyServiceDefinition[];
  readonly schemas: Omit<SchemaFramingOptions, "idsFile">;
  readonly progress: (line: string) => void;
}

/** Opens the event bus and sees to its topics: partition counts are fixed, another one is refused (R3). */
export async function openBus(options: OpenBusOptions): Promise<EventBus> {
  const bus = options.kind === "kafka" ? await openKafka(options) : await openEmbedded(options);
  const idsFile = join(options.data.path, "schema-ids.json");
  return closedOnFailure(bus, () => withSchemaIds(bus, { ...options.schemas, idsFile }));
}

function openEmbedded({ data, clock, progress }: OpenBusOptions): Promise<EventBus> {
  const bus = embeddedBus({ folder: data.folder("bus"), clock, notice: progress });
  return closedOnFailure(bus, async () => {
    await bus.ensureTopics(topicSpecs(catalogue, 1));
    return bus;
  });
}

async function openKafka(options: OpenBusOptions): Promise<EventBus> {
  const { env, clientId, services, progress } = options;
  const settings = kafkaSettingsOf(
    env,
    services.map(({ name }) => name),
  );
  const { tls, sasl } = settings;
  const bootstrapServers = options.bootstrapServers ?? settings.bootstrapServers;
  if (bootstrapServers === undefined) {
    throw new PlatformError(
      "missing_part",
      "a service on Kafka needs KAFKA_BOOTSTRAP_SERVERS, such as 127.0.0.1:9092; `npm run up:kafka` starts a local broker",
    );
  }
  // Loaded only where it is used: its client takes longer to load than all else of the package.
  const { kafkaBus } = await import("@bourse/bus/kafka");
  const bus = kafkaBus({
    bootstrapServers,
    clientId,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  });
  return closedOnFailure(bus, async () => {
    const brokers = await bus.brokerCount();
    const copies = copiesFor(brokers, settings.replicationFactor);
    if (copies === 1) progress("Kafka keeps one copy of each topic: with its disk everything is gone (R9)");
    const needs = needsOf(services);
    // Who may not do everything on the brokers sees, and may make, its own topics only.
    const seen = settings.isSecured ? new Set([...needs.reads, ...needs.writes]) : undefined;
    const topics = catalogue.filter(({ name }) => seen?.has(name) ?? true);
    await bus.ensureTopics(topicSpecs(topics, copies)).catch((cause: unknown) => {
      throw withAdvice(cause, settings);
    });
    if (!settings.isSecured) return bus;
    await bus.requireAccess(needs).catch((cause: unknown) => {
      throw withAdvice(cause, settings);
    });
    return bus;
  });
}

function needsOf(services: readonly AnyServiceDefinition[]): ReturnType<typeof accessOf> {
  const all = services.map(accessOf);
  return {
    writes: [...new Set(all.flatMap(({ writes }) => writes))],
    reads: [...new Set(all.flatMap(({ reads }) => reads))],
    groups: all.flatMap(({ groups }) => groups),
  };
}

/** A start that the brokers' rules refuse: what to do about it. */
function withAdvice(cause: unknown, { isSecured }: KafkaSettings): unknown {
  if (!isSecured || !(cause instanceof Error) || !/ may not /.test(cause.message)) return cause;
  const advice = "An administrator's `bourse acls --apply` makes topics, users and ACLs of this version";
  return new PlatformError("start_failed", `${cause.message}. ${advice}`, { cause });
}

async function closedOnFailure(bus: EventBus, work: () => Promise<EventBus>): Promise<EventBus> {
  try {
    return await work();
  } catch (error) {
    await bus.close();
    throw error;
  }
}
