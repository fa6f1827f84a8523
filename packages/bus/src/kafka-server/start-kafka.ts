import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { choosePorts } from "@bourse/ports";
import { BusError } from "../bus-error.ts";
import { classArchive } from "./class-archive.ts";
import { dockerAnswers, startKafkaContainer } from "./kafka-container.ts";
import { formatOnce, KafkaProcess, PROPERTIES } from "./kafka-process.ts";
import type { LocalKafka, StartKafkaOptions } from "./local-kafka.ts";
import { provisionKafka } from "./provision-kafka.ts";
import { type Ports, serverProperties } from "./server-properties.ts";

/**
 * Starts one Apache Kafka broker of our own in KRaft mode and waits until it answers; as a container where only a
 * container engine is there. Throws {@link BusError}.
 */
export async function startKafka(options: StartKafkaOptions): Promise<LocalKafka> {
  const { folder, signal } = options;
  signal?.throwIfAborted();
  const libraries = await provisionKafka(options).catch(orContainer);
  signal?.throwIfAborted();
  mkdirSync(folder, { recursive: true });
  if (libraries === "container") return startKafkaContainer(options, await portsOf(options));
  const java = { folder, libraries, classArchive: await classArchive({ ...options, libraries }) };
  const ports = await portsOf(options);
  writeFileSync(join(folder, PROPERTIES), serverProperties({ ...options, ports }));
  writeFileSync(join(folder, "ports.json"), JSON.stringify(ports));
  await formatOnce({ ...java, options: ["--standalone"], signal });
  const server = new KafkaProcess({ ...options, ...java, bootstrapServers: `127.0.0.1:${ports.broker}` });
  await server.start(signal);
  return server;
}

/** Where Java or Maven is missing a container engine will do. */
async function orContainer(cause: unknown): Promise<"container"> {
  if (cause instanceof BusError && cause.code === "bus_refused" && (await dockerAnswers()))
    return "container";
  throw cause;
}

/** The last ones where nobody took them. */
async function portsOf({ folder, port }: StartKafkaOptions): Promise<Ports> {
  const last = lastPorts(folder);
  const [broker = 0, controller = 0] = await choosePorts(2, [port ?? last?.broker, last?.controller]);
  return { broker: port ?? broker, controller };
}

function lastPorts(folder: string): Ports | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, "ports.json"), "utf8")) as Ports;
  } catch {
    return undefined;
  }
}
