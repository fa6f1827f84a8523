import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { decimalUnits, formatDecimal } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import { kafkaCacheFolder, type LocalKafka, startKafka } from "@bourse/bus/local-kafka";
import type { ServiceName, Topic } from "@bourse/contracts";
import {
  deliveryMigrations,
  type MissingRecord,
  missingRecords,
  type PartitionRecovery,
  planRecovery,
  recover,
} from "@bourse/delivery";
import { type AnyServiceDefinition, publishedTopics, tablesOwner } from "@bourse/host";
import { type Store, sql } from "@bourse/store";
import { type LocalPostgres, startPostgres, tellPostgresToEnd } from "@bourse/store/local-postgres";
import { openBus } from "./bus.ts";
import { ofTopic } from "./chosen-services.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { ServiceDatabases } from "./database.ts";
import { givenDatabaseUrl } from "./database-url.ts";
import { allDefinitions } from "./definitions.ts";
import { endWithProcess } from "./end-with-process.ts";
import { lockDataFolder, ownerOfDataFolder } from "./folder-lock.ts";
import { machineClock } from "./machine.ts";
import { PlatformError } from "./platform-error.ts";
import { forgetRefusal } from "./refusals.ts";
import { isRunning, readPlatformFile, readRunFile } from "./run-file.ts";
import { signal } from "./stop-platform.ts";

export interface RecoverOptions {
  readonly service: ServiceName;
  readonly dataFolder: string;
  readonly bus: "embedded" | "kafka";
  /** Says what would be done, and changes nothing. */
  readonly dryRun: boolean;
  /** Where every missing record is written, one JSON object a line. Absent: in the data folder. */
  readonly file?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress: (line: string) => void;
}

export interface RecoverReport {
  readonly service: ServiceName;
  readonly dryRun: boolean;
  readonly partitions: readonly PartitionRecovery[];
  readonly events: readonly MissingEvents[];
  /** Every missing record; null where nothing is missing. */
  readonly file: string | null;
  /** Of the recovery before, where nothing is missing any more: it may have ended before it could say so. */
  readonly earlierFile: string | null;
  /** What comes back by itself, for people. */
  readonly description: string;
}

/** The missing events of a type: how many, of whom, and what they move. */
export interface MissingEvents {
  readonly topic: string;
  readonly eventType: string;
  readonly count: number;
  readonly imported: number;
  /** The first few of their ids. */
  readonly ids: readonly string[];
  /** Sums of their amounts by asset, where they have any. */
  readonly amounts: Readonly<Record<string, string>>;
}

/**
 * R6: brings a service back whose database was restored from a backup. All its instances are stopped: checked by the
 * data folder's run file, by the sessions of its role at the database, and by the members of its consumer groups.
 * The data folder is its own meanwhile, so that nothing starts on a server that ends with it.
 * Throws `PlatformError` `still_running`, `already_running`, `missing_part`.
 */
export async function recoverService(options: RecoverOptions): Promise<RecoverReport> {
  const found = allDefinitions.find(({ name }) => name === options.service);
  const definition = found === undefined ? undefined : ofTopic(found, options.env);
  if (definition?.migrations === undefined)
    throw new PlatformError(
      "missing_part",
      `${options.service} keeps nothing in PostgreSQL: there is nothing to recover`,
    );
  refuseRunning(options);
  refuseNothing(options);
  const release = takeFolder(options);
  try {
    const recovery = new Recovery(options, definition, {
      migrations: definition.migrations,
      ownsServers: release !== null,
    });
    try {
      return await recovery.run();
    } finally {
      await recovery.close();
    }
  } finally {
    release?.();
  }
}

/** Null where the folder's other services run: the servers are theirs. */
function takeFolder({ dataFolder, service }: RecoverOptions): (() => void) | null {
  return readPlatformFile(dataFolder) === null ? lockDataFolder(dataFolder, `recover ${service}`) : null;
}

/** The bus that the data folder's platform has had. Throws `PlatformError` `config_invalid` where it has had both. */
export function busOf(
  dataFolder: string,
  env: Readonly<Record<string, string | undefined>>,
): "embedded" | "kafka" {
  if (isNamed(env.KAFKA_BOOTSTRAP_SERVERS)) return "kafka";
  const [embedded, kafka] = ["bus", "kafka"].map((folder) => existsSync(join(dataFolder, folder)));
  if (embedded && kafka)
    throw new PlatformError(
      "config_invalid",
      `${dataFolder} has an embedded log and a Kafka: --bus says which of them the service was on, embedded or kafka`,
    );
  return kafka ? "kafka" : "embedded";
}

function isNamed(variable: string | undefined): boolean {
  return variable !== undefined && variable !== "";
}

/** What is compared is there already: an empty one that is made for it would have nothing to recover from. */
function refuseNothing({ dataFolder, bus, env }: RecoverOptions): void {
  const refuse = (what: string, variable: string): void => {
    throw new PlatformError(
      "missing_part",
      `${dataFolder} has no ${what}: the platform's folder is named by --data or BOURSE_DATA, one that runs elsewhere by ${variable}`,
    );
  };
  if (!isNamed(env.DATABASE_URL) && !existsSync(join(dataFolder, "postgres")))
    refuse("database", "DATABASE_URL");
  if (bus === "kafka" && !isNamed(env.KAFKA_BOOTSTRAP_SERVERS) && !existsSync(join(dataFolder, "kafka")))
    refuse("Kafka", "KAFKA_BOOTSTRAP_SERVERS");
}

/** What runs from the data folder, where it is here: the whole platform, or this service by itself. */
function refuseRunning({ dataFolder, service }: RecoverOptions): void {
  const owner = ownerOfDataFolder(dataFolder);
  // Without a run file it still starts.
  const running = readRunFile(dataFolder)?.processes.filter(isRunning) ?? (owner === null ? [] : [owner]);
  const other = running.find(({ name }) => name === "platform" || name === service);
  if (other === undefined) return;
  throw new PlatformError(
    "still_running",
    `${other.name} runs from ${dataFolder} as process ${other.pid}: stop it first, with \`bourse down\``,
  );
}

class Recovery {
  readonly #options: RecoverOptions;
  readonly #definition: AnyServiceDefinition;
  readonly #migrations: URL;
  /** Of the data folder. */
  readonly #ownsServers: boolean;
  readonly #data: DataFolder;
  #stopped = (): void => undefined;
  #postgres: LocalPostgres | null = null;
  #kafka: LocalKafka | null = null;
  #bus: EventBus | null = null;
  #store: Store | null = null;

  constructor(
    options: RecoverOptions,
    definition: AnyServiceDefinition,
    { migrations, ownsServers }: { readonly migrations: URL; readonly ownsServers: boolean },
  ) {
    this.#options = options;
    this.#definition = definition;
    this.#migrations = migrations;
    this.#ownsServers = ownsServers;
    this.#data = openDataFolder(options.dataFolder);
  }

  async run(): Promise<RecoverReport> {
    const { service, dryRun, progress } = this.#options;
    const store = await this.#openStore();
    const bus = await this.#openBus();
    await this.#refuseInstances(store, bus);
    const parts = { bus, store, service, publishes: publishedTopics(this.#definition) };
    progress(`comparing the ends of ${parts.publishes.map(({ name }) => name).join(", ")} with the database`);
    const plan = inImportOrder(await planRecovery(parts), this.#definition.recovery?.order ?? []);
    const description =
      this.#definition.recovery?.description ??
      "nothing is imported: what follows from its inputs comes back by reading them again, the rest is for people";
    if (plan.length === 0) {
      forgetRefusal(this.#data.path, service);
      const earlierFile = this.#earlierFile();
      return { service, dryRun, partitions: plan, events: [], file: null, earlierFile, description };
    }
    const importer = (await this.#definition.recovery?.open({ store, bus })) ?? null;
    const imports = new Set(this.#definition.recovery?.order.map(({ name }) => name));
    const ledger = new MissingLedger(this.#file());
    try {
      if (dryRun) {
        for (const at of plan)
          for await (const batch of missingRecords(parts, at)) {
            const own = imports.has(at.topic) ? importer?.(batch.map(({ envelope }) => envelope)) : undefined;
            ledger.add(batch.map((each) => ({ ...each, imported: own?.imported(each.envelope) ?? false })));
          }
      } else {
        await recover(parts, plan, {
          importer:
            importer === null
              ? null
              : (batch) => (imports.has(batch[0]?.topic ?? "") ? importer(batch) : NOTHING),
          nowMs: machineClock.nowMs(),
          onMissing: (batch) => ledger.add(batch),
        });
        forgetRefusal(this.#data.path, service);
      }
    } finally {
      ledger.close();
    }
    const [events, file] = [ledger.events(), ledger.file];
    return { service, dryRun, partitions: plan, events, file, earlierFile: null, description };
  }

  async close(): Promise<void> {
    await this.#store?.close();
    await this.#bus?.close();
    await this.#kafka?.stop();
    // One that a killed process has left behind, too.
    if (this.#ownsServers) await this.#postgres?.stop();
    this.#stopped();
  }

  #tellToEnd(postgres: string): void {
    const broker = this.#kafka?.pid;
    if (broker !== undefined) signal(broker, "SIGTERM");
    tellPostgresToEnd(postgres);
  }

  async #openStore(): Promise<Store> {
    const { service, env, progress } = this.#options;
    let adminUrl = givenDatabaseUrl(env.DATABASE_URL);
    if (adminUrl === undefined) {
      progress("starting PostgreSQL");
      const folder = this.#data.folder("postgres");
      if (this.#ownsServers) this.#stopped = endWithProcess(() => this.#tellToEnd(folder));
      this.#postgres = await startPostgres({ folder, progress });
      adminUrl = this.#postgres.adminUrl;
    }
    const databases = new ServiceDatabases(adminUrl, this.#data);
    const owner = tablesOwner(this.#definition);
    await databases.migrate(owner, [
      { prefix: "delivery", folder: deliveryMigrations },
      { prefix: service, folder: this.#migrations },
    ]);
    this.#store = databases.openAs(owner, `bourse-recover-${service}`);
    return this.#store;
  }

  async #openBus(): Promise<EventBus> {
    const { bus: kind, env } = this.#options;
    const bootstrapServers = kind === "kafka" ? await this.#bootstrapServers(env) : undefined;
    this.#bus = await openBus({
      kind,
      data: this.#data,
      clock: machineClock,
      env,
      ...(bootstrapServers === undefined ? {} : { bootstrapServers }),
      services: [this.#definition],
      progress: this.#options.progress,
      clientId: `bourse-recover-${process.pid}`,
      schemas: { env, only: [this.#options.service], progress: this.#options.progress },
    });
    return this.#bus;
  }

  /** The broker that is named, or that runs from the data folder, or else one that is started for this. */
  async #bootstrapServers(env: RecoverOptions["env"]): Promise<string> {
    const { KAFKA_BOOTSTRAP_SERVERS: given } = env;
    if (given !== undefined && given !== "") return given;
    const folder = this.#data.folder("kafka");
    const ports = join(folder, "ports.json");
    const runs = readRunFile(this.#data.path)?.processes.some(
      (each) => each.name === "kafka" && isRunning(each),
    );
    if (runs === true && existsSync(ports))
      return `127.0.0.1:${(JSON.parse(readFileSync(ports, "utf8")) as { broker: number }).broker}`;
    this.#options.progress("starting Kafka");
    this.#kafka = await startKafka({
      folder,
      cacheFolder: kafkaCacheFolder(env),
      progress: this.#options.progress,
    });
    return this.#kafka.bootstrapServers;
  }

  /** Wherever they run: an instance has sessions at the database and members in its groups. */
  async #refuseInstances(store: Store, bus: EventBus): Promise<void> {
    const { service } = this.#options;
    const sessions = await store.query(
      sql`SELECT pid, application_name FROM pg_stat_activity
        WHERE usename = current_user AND application_name LIKE ${`bourse-${service}-%`} ORDER BY pid`,
    );
    const members = (await bus.groups()).filter(
      ({ group, members: count }) => group.startsWith(`${service}.`) && count > 0,
    );
    const found = [
      ...sessions.map((row) => `session ${row.pid} (${row.application_name}) at the database`),
      ...members.map(({ group, members: count }) => `${count} members of the consumer group ${group}`),
    ];
    if (found.length === 0) return;
    throw new PlatformError(
      "still_running",
      `an instance of ${service} still runs or ended a moment ago: ${found.join("; ")}. Stop all of them, and try again`,
    );
  }

  #file(): string {
    const { file, service, dryRun } = this.#options;
    if (file !== undefined) return file;
    const stamp = new Date().toISOString().replaceAll(/[:.]/g, "-");
    return join(this.#data.folder(RECOVERY), `${service}-${stamp}${dryRun ? DRY_RUN : ""}.jsonl`);
  }

  /** The newest of this service: a repeated recovery has read all of what was missing. */
  #earlierFile(): string | null {
    const { file, service } = this.#options;
    if (file !== undefined && existsSync(file)) return file;
    const folder = join(this.#data.path, RECOVERY);
    if (!existsSync(folder)) return null;
    const stamped = new RegExp(`^${service}-\\d{4}-.*(?<!${DRY_RUN})\\.jsonl$`);
    const name = readdirSync(folder)
      .filter((each) => stamped.test(each))
      .sort()
      .at(-1);
    return name === undefined ? null : join(folder, name);
  }
}

const RECOVERY = "recovery";
const DRY_RUN = "-dry-run";
const NOTHING = { statements: [], imported: () => false };

/** First what others build on: orders before what became of them. */
function inImportOrder(
  plan: readonly PartitionRecovery[],
  order: readonly Topic[],
): readonly PartitionRecovery[] {
  const placeOf = ({ topic }: PartitionRecovery): number => {
    const place = order.findIndex(({ name }) => name === topic);
    return place === -1 ? order.length : place;
  };
  return [...plan].sort((a, b) => placeOf(a) - placeOf(b));
}

type Listed = MissingRecord & { readonly imported: boolean };

const LISTED_IDS = 5;
const AMOUNT_SCALE = 18;
/** What tells one event of a type from another, the most telling first. */
const ID_FIELDS = ["orderId", "tradeId", "requestId", "accountId", "symbol", "asset"] as const;

/** Every missing record in a file, and their sums in memory. */
class MissingLedger {
  readonly file: string;
  readonly #descriptor: number;
  readonly #sums = new Map<
    string,
    {
      topic: string;
      eventType: string;
      count: number;
      imported: number;
      ids: string[];
      amounts: Map<string, bigint>;
    }
  >();

  constructor(file: string) {
    this.file = file;
    try {
      this.#descriptor = openSync(file, "w", 0o600);
    } catch (cause) {
      const message = `${file}, for what the database has not, can't be written: ${(cause as Error).message}`;
      throw new PlatformError("config_invalid", message, { cause });
    }
  }

  add(batch: readonly Listed[]): void {
    for (const { envelope, imported } of batch) {
      const { topic, partition, epoch, sequence, key } = envelope;
      const event = envelope.event as Readonly<Record<string, unknown>> & { readonly eventType: string };
      writeSync(
        this.#descriptor,
        `${JSON.stringify({ topic, partition, epoch, sequence, key, imported, event })}\n`,
      );
      const name = `${topic} ${event.eventType}`;
      const sum = this.#sums.get(name) ?? {
        topic,
        eventType: event.eventType,
        count: 0,
        imported: 0,
        ids: [],
        amounts: new Map<string, bigint>(),
      };
      this.#sums.set(name, sum);
      sum.count++;
      if (imported) sum.imported++;
      const id = ID_FIELDS.map((field) => event[field]).find((value) => typeof value === "string");
      if (typeof id === "string" && sum.ids.length < LISTED_IDS) sum.ids.push(id);
      const { asset, amount } = event;
      if (typeof asset === "string" && typeof amount === "string")
        sum.amounts.set(asset, (sum.amounts.get(asset) ?? 0n) + decimalUnits(amount, AMOUNT_SCALE));
    }
  }

  events(): readonly MissingEvents[] {
    return [...this.#sums.values()]
      .sort((a, b) => (`${a.topic} ${a.eventType}` < `${b.topic} ${b.eventType}` ? -1 : 1))
      .map(({ amounts, ...sum }) => ({
        ...sum,
        amounts: Object.fromEntries(
          [...amounts].sort().map(([asset, units]) => [asset, formatDecimal(units, AMOUNT_SCALE)]),
        ),
      }));
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
