import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { choosePorts } from "@bourse/ports";
import { classArchive } from "./class-archive.ts";
import { DATA, formatOnce, KafkaProcess, newClusterId, PROPERTIES } from "./kafka-process.ts";
import { provisionKafka } from "./provision-kafka.ts";

export interface SecureClusterOptions {
  /** Where certificates, settings, data and logs are; made where it is missing. */
  readonly folder: string;
  readonly cacheFolder: string;
  /** Default 3. With fewer, each topic has as many copies as there are brokers, and one of them is enough. */
  readonly brokers?: number;
  readonly heapMb?: number;
  /** Lines that are added to each node's settings. */
  readonly extraProperties?: readonly string[];
  readonly progress?: (line: string) => void;
}

/** Brokers as in production, with TLS, SCRAM and ACLs, all on this machine. */
export interface SecureCluster {
  /** `localhost:port` of each broker, with commas between. */
  readonly bootstrapServers: string;
  /** The certificate of the authority, PEM. */
  readonly authority: string;
  readonly authorityFile: string;
  /** The administrator whom no ACL holds. */
  readonly admin: { readonly username: string; readonly password: string };
  /** By node id less one. */
  readonly brokers: readonly KafkaProcess[];
  /** Kills what runs. */
  kill(): Promise<void>;
}

interface Node {
  readonly id: number;
  readonly folder: string;
  readonly ports: { readonly client: number; readonly broker: number; readonly controller: number };
}

const DEPLOY = fileURLToPath(new URL("../../../../deploy/kafka/", import.meta.url));
const ADMIN = { username: "bourse-admin", password: "the-administrator" };
const DEFAULT_BROKERS = 3;
const HEAP_MB = 320;

/**
 * Starts brokers from `deploy/kafka/server.properties`, with certificates that `deploy/kafka/certificates.sh` makes for
 * the occasion, and waits until they answer. Throws {@link BusError}; needs openssl.
 */
export async function startSecureCluster(options: SecureClusterOptions): Promise<SecureCluster> {
  const { folder, brokers: count = DEFAULT_BROKERS, heapMb = HEAP_MB } = options;
  const libraries = await provisionKafka(options);
  const java = { libraries, classArchive: await classArchive({ ...options, libraries }) };
  const certificates = join(folder, "certificates");
  mkdirSync(folder, { recursive: true });
  const nodes = await Promise.all(Array.from({ length: count }, (_, index) => newNode(folder, index + 1)));
  const hosts = nodes.map(({ id }) => `${id}=localhost,127.0.0.1`);
  await promisify(execFile)("bash", [join(DEPLOY, "certificates.sh"), certificates, ...hosts]);
  const clusterId = newClusterId();
  const processes = await Promise.all(
    nodes.map(async (node) => {
      writeFileSync(join(node.folder, PROPERTIES), propertiesOf(node, nodes, certificates, options));
      await formatOnce({
        ...java,
        folder: node.folder,
        clusterId,
        options: ["--add-scram", `SCRAM-SHA-512=[name=${ADMIN.username},password=${ADMIN.password}]`],
      });
      return new KafkaProcess({
        ...java,
        folder: node.folder,
        bootstrapServers: `localhost:${node.ports.client}`,
        heapMb,
      });
    }),
  );
  const kill = async (): Promise<void> => {
    await Promise.all(processes.map((each) => each.kill()));
  };
  // A quorum is there when most of them are: none answers by itself.
  const started = await Promise.allSettled(processes.map((each) => each.start()));
  const failed = started.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") {
    await kill();
    throw failed.reason;
  }
  const authorityFile = join(certificates, "ca.pem");
  return {
    bootstrapServers: processes.map(({ bootstrapServers }) => bootstrapServers).join(","),
    authority: readFileSync(authorityFile, "utf8"),
    authorityFile,
    admin: ADMIN,
    brokers: processes,
    kill,
  };
}

async function newNode(parent: string, id: number): Promise<Node> {
  const folder = join(parent, `broker-${id}`);
  mkdirSync(folder, { recursive: true });
  const [client = 0, broker = 0, controller = 0] = await choosePorts(3);
  return { id, folder, ports: { client, broker, controller } };
}

function propertiesOf(
  { id, folder, ports }: Node,
  nodes: readonly Node[],
  certificates: string,
  { extraProperties = [] }: SecureClusterOptions,
): string {
  const words: Readonly<Record<string, string>> = {
    NODE_ID: String(id),
    HOST: "localhost",
    VOTERS: nodes.map((node) => `${node.id}@localhost:${node.ports.controller}`).join(","),
    FOLDER: DATA,
    CERTIFICATES: relative(folder, certificates),
    CLIENT_PORT: String(ports.client),
    BROKER_PORT: String(ports.broker),
    CONTROLLER_PORT: String(ports.controller),
  };
  const template = readFileSync(join(DEPLOY, "server.properties"), "utf8");
  const filled = template.replace(/@([A-Z_]+)@/g, (word, name: string) => words[name] ?? word);
  return `${[filled, ...SMALL_MACHINE, ...fewerBrokers(nodes.length), ...extraProperties].join("\n")}\n`;
}

/** A later line of a setting counts. */
const SMALL_MACHINE = [
  "num.network.threads=2",
  "num.io.threads=4",
  "offsets.topic.num.partitions=4",
  "log.cleaner.dedupe.buffer.size=8388608",
  "group.min.session.timeout.ms=1000",
  "group.initial.rebalance.delay.ms=0",
  // Of others it is reported as dead after so long.
  "broker.session.timeout.ms=3000",
  "broker.heartbeat.interval.ms=500",
];

function fewerBrokers(count: number): readonly string[] {
  if (count >= DEFAULT_BROKERS) return [];
  const copies = ["default", "offsets.topic", "transaction.state.log", "share.coordinator.state.topic"];
  return [
    ...copies.map((what) => `${what}.replication.factor=${count}`),
    "min.insync.replicas=1",
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.min.isr=1",
  ];
}
