import { DATA } from "./kafka-process.ts";

export interface Ports {
  readonly broker: number;
  readonly controller: number;
}

export interface ServerPropertiesOptions {
  readonly ports: Ports;
  readonly advertisedPort?: number;
  readonly extraProperties?: readonly string[];
}

/** The settings of one broker that is its own controller: what one machine needs, and a quick start. */
export function serverProperties(options: ServerPropertiesOptions): string {
  const { ports, advertisedPort = ports.broker, extraProperties = [] } = options;
  const broker = `PLAINTEXT://127.0.0.1:${ports.broker}`;
  const controller = `CONTROLLER://127.0.0.1:${ports.controller}`;
  const lines = [
    "process.roles=broker,controller",
    "node.id=1",
    `listeners=${broker},${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${advertisedPort},${controller}`,
    "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name=PLAINTEXT",
    "controller.listener.names=CONTROLLER",
    `controller.quorum.bootstrap.servers=127.0.0.1:${ports.controller}`,
    `log.dirs=${DATA}`,
    // R3: topics are made on purpose, with the catalogue's partition counts.
    "auto.create.topics.enable=false",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    // After a crash the broker may come back as soon as its former self is given up.
    "broker.session.timeout.ms=3000",
    "broker.heartbeat.interval.ms=500",
    "num.network.threads=2",
    "num.io.threads=4",
    // Two indexes of each partition are mapped as large as this, and filled with zeros when they are first touched.
    "log.index.size.max.bytes=1048576",
    "log.cleaner.dedupe.buffer.size=8388608",
    ...extraProperties,
  ];
  return `${lines.join("\n")}\n`;
}
