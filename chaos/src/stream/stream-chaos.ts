import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaBus } from "@bourse/bus/kafka";
import { tradeStream } from "@bourse/contracts";
import { tablesOwner } from "@bourse/host";
import { postgresStore, type Store, schemaOfService, sql } from "@bourse/store";
import { tradeProcessorOf } from "@bourse/trade-processor";
import { loadParquet } from "./parquet-trades.ts";
import type { CostMethod } from "./recalculated-profit.ts";
import { loadJournal, questionResults } from "./stream-oracle.ts";
import { type StreamProcess, type StreamServers, startStreamServers } from "./stream-servers.ts";

export interface StreamChaosOptions {
  readonly trades: number;
  readonly clients: number;
  readonly seed: number;
  /** How often a processor is killed, spread over the stream. */
  readonly kills: number;
  readonly brokerKills: number;
  /** More than one: they join and leave while it runs. */
  readonly instances: number;
  /** How a closing trade finds its cost. */
  readonly method: CostMethod;
  readonly sink: "postgres" | "parquet";
  readonly progress: (line: string) => void;
}

export interface StreamChaosReport {
  readonly sent: number;
  readonly trades: number;
  readonly parked: number;
  /** Different dead letters in the topic. */
  readonly deadLetters: number;
  readonly kills: number;
  readonly brokerKills: number;
  readonly wrong: readonly string[];
  readonly seconds: number;
}

const PREFIX = "chaos.";
const TOPIC = `${PREFIX}trade-events`;
const SCHEMA = schemaOfService(tablesOwner(tradeProcessorOf({ topic: tradeStream(PREFIX) })));
const POLL_MS = 200;
/** Nothing new for so long, although there should be: it hangs. */
const STALL_MS = 180_000;

/**
 * A stream with poison of all kinds through processors that are killed with -9, on a broker that is killed too; then
 * everything is compared with the journal of what was sent.
 */
export async function runStreamChaos(options: StreamChaosOptions): Promise<StreamChaosReport> {
  const started = performance.now();
  const servers = await startStreamServers();
  const store = postgresStore({
    url: servers.adminUrl,
    schema: SCHEMA,
    applicationName: "stream chaos",
    maxConnections: 2,
  });
  try {
    const chaos = new StreamChaos(options, servers, store);
    const counts = await chaos.run();
    return { ...counts, seconds: (performance.now() - started) / 1_000 };
  } finally {
    await store.close();
    await servers.stop();
  }
}

class StreamChaos {
  readonly #options: StreamChaosOptions;
  readonly #servers: StreamServers;
  readonly #store: Store;
  readonly #processors: StreamProcess[] = [];
  #names = 0;

  constructor(options: StreamChaosOptions, servers: StreamServers, store: Store) {
    this.#options = options;
    this.#servers = servers;
    this.#store = store;
  }

  get #files(): string {
    return join(this.#servers.folder, "parquet");
  }

  async run(): Promise<Omit<StreamChaosReport, "seconds">> {
    const { trades, clients, seed, kills, brokerKills, instances, method, sink, progress } = this.#options;
    const journal = join(this.#servers.folder, "journal.csv");
    for (let nth = 0; nth < instances; nth++) this.#join();
    const counting = ["--count", String(trades), "--clients", String(clients), "--seed", String(seed)];
    const poisoning = ["--poison", "0.01", "--journal", journal, "--topic-prefix", PREFIX, "--json"];
    const producer = this.#servers.start("produce", ["produce", ...counting, ...poisoning]);
    const faults = kills + brokerKills;
    for (let nth = 1; nth <= faults; nth++) {
      await this.#until((trades * nth) / (faults + 1));
      if (nth === Math.ceil(faults / 2) && brokerKills > 0) await this.#killBroker();
      else await this.#killProcessor();
    }
    const code = await producer.ended;
    if (code !== 0) throw new Error(`bourse produce ended with ${code}: ${producer.said().slice(-2_000)}`);
    progress("all is sent; until it is processed");
    await this.#until(trades);
    await this.#untilRelayed();
    for (const processor of [...this.#processors]) await processor.kill("SIGTERM");
    progress("comparing with the journal");
    const { done, parked } = await this.#counts();
    if (sink === "parquet") await loadParquet(this.#store, this.#files);
    const sent = await loadJournal(this.#store, journal, method);
    const wrong = [...(await questionResults(this.#store))];
    const deadLetters = await this.#deadLetters();
    if (sent !== trades) wrong.push(`${sent} records are in the journal, ${trades} were asked for`);
    if (deadLetters !== parked)
      wrong.push(`${deadLetters} dead letters are in the topic, ${parked} records are parked`);
    if (parked === 0) wrong.push("nothing was poisoned: nothing was tested");
    return { sent, trades: done, parked, deadLetters, kills, brokerKills, wrong };
  }

  #join(): void {
    const { method, sink } = this.#options;
    const how = ["--sink", sink, "--folder", this.#files, "--cost-basis", method, "--port", "0"];
    this.#processors.push(
      this.#servers.start(`process-${this.#names++}`, ["process", "--topic-prefix", PREFIX, ...how]),
    );
  }

  /** With several instances another one leaves in peace, so that members join and leave in both ways. */
  async #killProcessor(): Promise<void> {
    const { progress, instances } = this.#options;
    const victim = this.#processors.shift();
    progress(`${victim?.name} is killed`);
    await victim?.kill("SIGKILL");
    if (instances > 1) {
      const leaving = this.#processors.shift();
      progress(`${leaving?.name} leaves`);
      await leaving?.kill("SIGTERM");
      this.#join();
    }
    this.#join();
  }

  async #killBroker(): Promise<void> {
    this.#options.progress("the broker is killed");
    await this.#servers.kafka.kill();
    await this.#servers.kafka.restart();
  }

  async #counts(): Promise<{ readonly done: number; readonly parked: number }> {
    try {
      const [row] =
        await this.#store.query(sql`SELECT (SELECT count(*) FROM trades) + (SELECT count(*) FROM trade_ids) AS done,
        (SELECT count(*) FROM parked WHERE status = 'PARKED') AS parked`);
      return { done: Number(row?.done), parked: Number(row?.parked) };
    } catch {
      // Before the first processor has made its tables.
      return { done: 0, parked: 0 };
    }
  }

  async #until(records: number): Promise<void> {
    let last = 0;
    let since = performance.now();
    for (;;) {
      const { done, parked } = await this.#counts();
      if (done + parked >= records) return;
      if (done + parked !== last) since = performance.now();
      last = done + parked;
      if (performance.now() - since > STALL_MS)
        throw new Error(
          `it hangs at ${last} of ${records} records; the last processor says:\n${this.#processors.at(-1)?.said().slice(-3_000)}`,
        );
      await sleep(POLL_MS);
    }
  }

  /** Dead letters are copies, which the relay sends after the commit. */
  async #untilRelayed(): Promise<void> {
    const began = performance.now();
    for (;;) {
      const { parked } = await this.#counts();
      if ((await this.#deadLetters()) >= parked || performance.now() - began > STALL_MS) return;
      await sleep(POLL_MS);
    }
  }

  async #deadLetters(): Promise<number> {
    const bus = kafkaBus({
      bootstrapServers: this.#servers.kafka.bootstrapServers,
      clientId: "stream-chaos",
    });
    try {
      const topic = `dead-letter-${TOPIC}`;
      const ids = new Set<string>();
      for (const { partition, earliest, latest } of await bus.offsets(topic)) {
        const reader = await bus.read({ topic, partition, from: earliest });
        for (let next = earliest; next < latest; ) {
          for (const { offset, headers } of await reader.take(5_000)) {
            ids.add(headers["dead-letter-id"] ?? "");
            next = offset + 1n;
          }
        }
        await reader.close();
      }
      return ids.size;
    } finally {
      await bus.close();
    }
  }
}
