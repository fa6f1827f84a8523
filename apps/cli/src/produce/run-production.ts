import { randomBytes } from "node:crypto";
import { type KafkaBus, kafkaBus } from "@bourse/bus/kafka";
import type { TradeStream } from "@bourse/contracts";
import { kafkaSecurity } from "@bourse/platform/kafka";
import { GENERATOR_USER } from "@bourse/platform/kafka-users";
import { openTrades } from "@bourse/recordings";
import {
  type Produced,
  produceTrades,
  recordedSource,
  type TradeSource,
  tradeGenerator,
} from "@bourse/trade-stream";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { type Progress, startProgress } from "../progress.ts";
import { JournalFile } from "./journal-file.ts";
import { machineTime } from "./machine-time.ts";

export interface Production {
  readonly bootstrapServers: string;
  /** How the brokers are spoken to. */
  readonly env: NodeJS.ProcessEnv;
  readonly topic: TradeStream;
  readonly partitions: number | undefined;
  /** Absent: all that `from` has. */
  readonly count: number | undefined;
  readonly rate: number | undefined;
  readonly clients: number;
  readonly seed: number;
  readonly from: string | undefined;
  readonly symbol: string | undefined;
  readonly poisonShare: number;
  readonly journal: string | undefined;
  readonly patienceMs: number;
}

export interface ProductionReport extends Omit<Produced, "seconds"> {
  readonly topic: string;
  readonly partitions: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** From a request to its acknowledgement. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly interrupted: boolean;
}

/** Produces into Kafka, with a bar; Ctrl-C ends it after what is on its way, and the report tells what was sent. */
export async function runProduction(production: Production, output: Output): Promise<ProductionReport> {
  const run = newRun();
  const source = await sourceOf(production);
  const { topic, journal: journalPath, count } = production;
  const bus = kafkaBus({
    bootstrapServers: production.bootstrapServers,
    clientId: "bourse-produce",
    ...kafkaSecurity(production.env, GENERATOR_USER),
  });
  const stop = new AbortController();
  const interrupted = (): void => stop.abort();
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  const journal = journalPath === undefined ? undefined : await JournalFile.open(journalPath);
  const latencies = new Latencies();
  const progress = bar(output, topic.name, count);
  let acknowledged = 0;
  try {
    const partitions = await partitionsOf(bus, topic, production.partitions);
    const produced = await produceTrades({
      ...machineTime,
      bus,
      topic: topic.name,
      partitions,
      run,
      seed: production.seed,
      poisonShare: production.poisonShare,
      source,
      ...(count === undefined ? {} : { count }),
      ...(production.rate === undefined ? {} : { ratePerSecond: production.rate }),
      patienceMs: production.patienceMs,
      ...(journal === undefined ? {} : { onRecord: (record) => journal.add(record) }),
      onAcknowledged: (records, sentMs) => {
        acknowledged += records;
        latencies.add(sentMs);
        progress.at(acknowledged);
        return journal?.flush();
      },
      signal: stop.signal,
    });
    await journal?.close();
    return report({ produced, latencies, topic, partitions, interrupted: stop.signal.aborted });
  } catch (cause) {
    if (acknowledged > 0) output.note(`${acknowledged} records were acknowledged before`);
    // What ended the run comes first.
    await journal?.close().catch(({ message }: Error) => output.note(message));
    throw cause;
  } finally {
    progress.end();
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await bus.close();
  }
}

function report(parts: {
  readonly produced: Produced;
  readonly latencies: Latencies;
  readonly topic: TradeStream;
  readonly partitions: number;
  readonly interrupted: boolean;
}): ProductionReport {
  const { produced, latencies, topic, partitions, interrupted } = parts;
  const { records, seconds } = produced;
  return {
    ...produced,
    topic: topic.name,
    partitions,
    perSecond: seconds > 0 ? Math.round(records / seconds) : 0,
    latencyMs: latencies.summary(),
    interrupted,
  };
}

/** Each run is a producer of its own: one that is cut off leaves no gap in the numbers of the next (R7). */
function newRun(): string {
  return `${Date.now().toString(36)}${randomBytes(3).toString("hex")}`;
}

async function sourceOf({ from, symbol, seed, clients }: Production): Promise<TradeSource> {
  if (from === undefined) return tradeGenerator({ seed, clients });
  return recordedSource(await openTrades(from, symbol), { seed, clients });
}

/** Creates the topic where it is absent. Its partitions are what the broker has: a key stays where it is (R3). */
async function partitionsOf(bus: KafkaBus, topic: TradeStream, wanted: number | undefined): Promise<number> {
  const { name, retentionMs } = topic;
  const found = (await bus.topics()).find((each) => each.name === name)?.partitions;
  if (found !== undefined && wanted !== undefined && found !== wanted)
    throw new CliError(
      EXIT.usage,
      `partitions: ${wanted} -> ${found}: ${name} is there already, and its count is fixed (R3)`,
    );
  if (found !== undefined) return found;
  const partitions = wanted ?? topic.partitions;
  await bus.ensureTopics([{ name, partitions, retentionMs }]);
  return partitions;
}

function bar(output: Output, topic: string, count: number | undefined): Progress {
  if (count === undefined) return { at: () => undefined, end: () => undefined };
  return startProgress(output, { title: topic, unit: "trades", total: count });
}

/** How long requests took: so many of a long run that memory stays flat. */
class Latencies {
  static readonly #KEPT = 10_000;
  readonly #kept: number[] = [];
  #seen = 0;
  #max = 0;

  add(ms: number): void {
    this.#max = Math.max(this.#max, ms);
    // Evenly over the run: the newest replaces an old one in turn.
    if (this.#kept.length < Latencies.#KEPT) this.#kept.push(ms);
    else this.#kept[(this.#seen * 7_919) % Latencies.#KEPT] = ms;
    this.#seen++;
  }

  summary(): ProductionReport["latencyMs"] {
    const sorted = this.#kept.toSorted((a, b) => a - b);
    const at = (share: number): number => rounded(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
    return { p50: at(0.5), p99: at(0.99), max: rounded(this.#max) };
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
