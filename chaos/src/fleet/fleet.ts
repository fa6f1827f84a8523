import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { present } from "@bourse/base";
import { kafkaCacheFolder, type LocalKafka, startKafka } from "@bourse/bus/local-kafka";
import type { ServiceName } from "@bourse/contracts";
import { type DataFolder, definitions, openDataFolder, urlVariable } from "@bourse/platform";
import { choosePorts } from "@bourse/ports";
import { type LocalPostgres, removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import { type Rewriting, TcpProxy } from "../proxy/tcp-proxy.ts";
import { NodeProcess } from "./node-process.ts";
import { signalTree } from "./process-signals.ts";
import { SmallDisk } from "./small-disk.ts";

export type BusKind = "embedded" | "kafka";

/** The process that hosts all services, where there is one. */
export const PLATFORM = "platform";
export type ProcessName = ServiceName | typeof PLATFORM;

export interface FleetOptions {
  readonly bus: BusKind;
  /** Its own; made where it is missing. */
  readonly folder: string;
  /** PostgreSQL and the embedded log each on a disk that can be filled. */
  readonly smallDisks: boolean;
  readonly progress: (line: string) => void;
}

const ENTRY = fileURLToPath(new URL("../../../apps/cli/src/main.ts", import.meta.url));
const POSTGRES_DISK_MB = 700;
const BUS_DISK_MB = 200;
/** The log of a small disk's PostgreSQL must fit it. */
const SMALL_POSTGRES = { min_wal_size: "32MB", max_wal_size: "128MB", shared_buffers: "64MB" };
const READY_TIMEOUT_MS = 180_000;
const POLL_MS = 50;
/** Whoever ends serves on for so long: load balancers have led new connections elsewhere by then. */
const DRAIN_NOTICE_MS = 1_000;

/**
 * A private platform whose every part can be hurt: each process is our child, PostgreSQL and Kafka are ours, and every
 * wire between two of them leads through a proxy.
 */
export class Fleet {
  readonly bus: BusKind;
  readonly folder: string;
  readonly #options: FleetOptions;
  readonly #data: DataFolder;
  readonly #instances = new Map<ProcessName, NodeProcess[]>();
  readonly #ports = new Map<NodeProcess, number>();
  readonly #fronts = new Map<ServiceName, TcpProxy>();
  readonly #databases = new Map<ProcessName, TcpProxy>();
  readonly #rewritings = new Map<number, Rewriting>();
  readonly #disks: { postgres?: SmallDisk; bus?: SmallDisk } = {};
  #urls: Readonly<Record<string, string>> = {};
  #postgres: LocalPostgres | null = null;
  #kafka: LocalKafka | null = null;
  #broker: TcpProxy | null = null;
  #made = 0;

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.bus = options.bus;
    this.folder = options.folder;
    mkdirSync(options.folder, { recursive: true });
    // PostgreSQL's own user passes through it.
    chmodSync(options.folder, 0o755);
    this.#data = openDataFolder(join(options.folder, "data"));
    chmodSync(this.#data.path, 0o755);
  }

  /** Starts it and waits until it takes work. What was started of one that fails is ended. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = new Fleet(options);
    try {
      await fleet.#start();
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  get gatewayUrl(): string {
    return this.#urls[urlVariable("gateway")] ?? "";
  }

  get operatorKey(): string {
    return this.#data.operatorKey;
  }

  get postgres(): LocalPostgres {
    return present(this.#postgres, "PostgreSQL was started");
  }

  get kafka(): LocalKafka {
    return present(this.#kafka, "Kafka was started");
  }

  /** Where the broker has a folder for each partition. */
  get kafkaLogs(): string {
    return join(this.#data.folder("kafka"), "data");
  }

  /** Every service's way to Kafka; its labels are client ids: `bourse-wallet-4711`. */
  get broker(): TcpProxy {
    return present(this.#broker, "the way to Kafka was made");
  }

  get disks(): { readonly postgres?: SmallDisk; readonly bus?: SmallDisk } {
    return this.#disks;
  }

  /** The only instance, or the oldest of several. */
  node(name: ProcessName): NodeProcess {
    return present(this.#instances.get(name)?.[0], "the process was started");
  }

  /** The way of a process to PostgreSQL. */
  database(name: ProcessName): TcpProxy {
    return present(this.#databases.get(name), "the way to PostgreSQL was made");
  }

  /** The way of all others to a service. */
  front(name: ServiceName): TcpProxy {
    return present(this.#fronts.get(name), "the way to the service was made");
  }

  portOf(instance: NodeProcess): number {
    return this.#ports.get(instance) ?? 0;
  }

  /** Every process that is meant to run takes work. */
  async isReady(): Promise<boolean> {
    const all = [...this.#instances.values()].flat();
    const answers = await Promise.all(all.map((each) => each.isStopped || each.isReady()));
    return answers.every(Boolean);
  }

  /** In words, for a report. */
  async whyUnready(): Promise<string> {
    const words = await Promise.all([...this.#instances.values()].flat().map((each) => each.whyUnready()));
    return words.filter((word) => word !== "").join("; ");
  }

  /**
   * Another process of a service, started and not waited for; nobody is led to it yet. `group` makes it a member of
   * another consumer group, so that it takes partitions that are taken.
   */
  async addInstance(name: ServiceName, group?: Rewriting): Promise<NodeProcess> {
    const instance = await this.#makeInstance(name);
    instance.start();
    if (group !== undefined) this.#rewritings.set(instance.pid, group);
    return instance;
  }

  /** Who takes the requests of the others from now on. */
  lead(name: ServiceName, instances: readonly NodeProcess[]): void {
    this.front(name).route(instances.map((each) => this.portOf(each)));
  }

  /** Who takes their new connections; those that there are stay where they are. */
  leadNew(name: ServiceName, instances: readonly NodeProcess[]): void {
    this.front(name).lead(instances.map((each) => this.portOf(each)));
  }

  /** All of a service, the oldest first. */
  instancesOf(name: ServiceName): readonly NodeProcess[] {
    return this.#instances.get(name) ?? [];
  }

  /** Takes an instance out for good: in order, or as its machine would go. */
  async retire(name: ServiceName, instance: NodeProcess, how: "SIGTERM" | "SIGKILL"): Promise<boolean> {
    const rest = (this.#instances.get(name) ?? []).filter((each) => each !== instance);
    this.#instances.set(name, rest);
    this.lead(name, rest);
    if (how === "SIGTERM") return await instance.stop();
    await instance.kill();
    return true;
  }

  async untilReady(): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      const dead = [...this.#instances.values()].flat().find((each) => !each.isRunning);
      if (dead !== undefined) throw new Error(`${dead.name} has ended by itself; see ${dead.logFile}`);
      if (performance.now() > deadline) throw new Error(`not ready within ${READY_TIMEOUT_MS / 1_000} s`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Ends everything, whatever state it is in. The folder stays. */
  async stop(): Promise<void> {
    if (this.#postgres !== null) signalTree(this.#postgres.pid, "SIGCONT");
    if (this.#kafka?.pid !== undefined) signalTree(this.#kafka.pid, "SIGCONT");
    await Promise.all([...this.#instances.values()].flat().map((each) => each.stop()));
    await this.#kafka?.kill();
    await this.#postgres?.stop();
    const wires = [...this.#fronts.values(), ...this.#databases.values()];
    await Promise.all(
      [...wires, ...(this.#broker === null ? [] : [this.#broker])].map((each) => each.close()),
    );
    for (const disk of Object.values(this.#disks)) disk.unmount();
  }

  /** Whatever was started dies now: for a runner that is being ended itself. */
  destroy(): void {
    for (const each of [...this.#instances.values()].flat())
      if (each.isRunning) signalTree(each.pid, "SIGKILL");
    if (this.#postgres !== null) signalTree(this.#postgres.pid, "SIGKILL");
    for (const disk of Object.values(this.#disks)) disk.unmount();
  }

  /** PostgreSQL keeps part of its data elsewhere where its user can't reach the folder. */
  removeDatabase(): void {
    if (this.#disks.postgres === undefined) removeDataFolder(join(this.#data.path, "postgres"));
  }

  async #start(): Promise<void> {
    const { smallDisks, progress } = this.#options;
    if (smallDisks) this.#mountDisks();
    progress("starting PostgreSQL");
    this.#postgres = await startPostgres({
      folder: this.#data.folder("postgres"),
      endsWithProcess: true,
      ...(smallDisks ? { settings: SMALL_POSTGRES } : {}),
    });
    if (this.bus === "kafka") await this.#startKafka();
    await this.#chooseAddresses();
    const names: readonly ProcessName[] =
      this.bus === "embedded" ? [PLATFORM] : definitions.map(({ name }) => name);
    progress(`starting ${names.length === 1 ? "the platform" : `${names.length} services`}`);
    for (const name of names) {
      this.#databases.set(name, await TcpProxy.open([this.postgres.port]));
      const instance = name === PLATFORM ? this.#makePlatform() : await this.#makeInstance(name);
      if (name !== PLATFORM) this.lead(name, [instance]);
      instance.start();
    }
    await this.untilReady();
  }

  #mountDisks(): void {
    const mount = (name: string, megabytes: number): SmallDisk =>
      SmallDisk.mount(this.#data.folder(name), join(this.folder, `${name}.img`), megabytes);
    this.#disks.postgres = mount("postgres", POSTGRES_DISK_MB);
    if (this.bus === "embedded") this.#disks.bus = mount("bus", BUS_DISK_MB);
  }

  async #startKafka(): Promise<void> {
    this.#options.progress("starting Kafka");
    this.#broker = await TcpProxy.open([], {
      labelOf: (first) => /bourse-[a-z-]+-[0-9]+/.exec(first.toString("latin1"))?.[0] ?? "",
      rewriting: (label) => this.#rewritings.get(Number(label.split("-").at(-1))) ?? null,
    });
    this.#kafka = await startKafka({
      folder: this.#data.folder("kafka"),
      cacheFolder: kafkaCacheFolder(process.env),
      // Clients connect again to where the broker says it is: to the proxy.
      advertisedPort: this.#broker.port,
    });
    this.#broker.route([Number(this.#kafka.bootstrapServers.split(":")[1])]);
  }

  async #chooseAddresses(): Promise<void> {
    const urls: Record<string, string> = {};
    const ports = await choosePorts(definitions.length);
    for (const [nth, { name }] of definitions.entries()) {
      if (this.bus === "embedded") urls[urlVariable(name)] = urlAt(ports[nth] ?? 0);
      else {
        const front = await TcpProxy.open([]);
        this.#fronts.set(name, front);
        urls[urlVariable(name)] = urlAt(front.port);
      }
    }
    this.#urls = urls;
  }

  #makePlatform(): NodeProcess {
    const process = new NodeProcess({
      name: PLATFORM,
      args: [ENTRY, "up", "--no-demo", "--data", this.#data.path],
      env: this.#environment(PLATFORM),
      logFile: join(this.#data.folder("logs"), "up.log"),
      urls: Object.values(this.#urls),
    });
    this.#instances.set(PLATFORM, [process]);
    return process;
  }

  async #makeInstance(name: ServiceName): Promise<NodeProcess> {
    const [port = 0] = await choosePorts(1);
    const instances = this.#instances.get(name) ?? [];
    const number = instances.length === 0 ? "" : `-${++this.#made}`;
    const process = new NodeProcess({
      name: `${name}${number}`,
      args: [ENTRY, "up", "--only", name, "--bus", "kafka", "--data", this.#data.path],
      env: { ...this.#environment(name), [urlVariable(name)]: urlAt(port) },
      logFile: join(this.#data.folder("logs"), `${name}${number}.log`),
      urls: [urlAt(port)],
    });
    this.#ports.set(process, port);
    this.#instances.set(name, [...instances, process]);
    return process;
  }

  #environment(name: ProcessName): Readonly<Record<string, string | undefined>> {
    const foreign = /^BOURSE_|^KAFKA_BOOTSTRAP_SERVERS$|^[A-Z_]+_URL$/;
    const own = Object.fromEntries(Object.entries(process.env).filter(([key]) => !foreign.test(key)));
    const database = new URL(this.postgres.adminUrl);
    database.searchParams.delete("host");
    database.hostname = "127.0.0.1";
    database.port = String(this.database(name).port);
    return {
      ...own,
      ...this.#urls,
      DATABASE_URL: database.href,
      HTTP_DRAIN_NOTICE_MS: String(DRAIN_NOTICE_MS),
      ...(this.#broker === null ? {} : { KAFKA_BOOTSTRAP_SERVERS: `127.0.0.1:${this.#broker.port}` }),
    };
  }
}

function urlAt(port: number): string {
  return `http://127.0.0.1:${port}`;
}
