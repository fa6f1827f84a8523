import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { SERVICE_NAMES } from "@bourse/contracts";
import type { Cluster } from "@bourse/platform";
import { GatewayClient } from "../client.ts";
import { generatedStream } from "../testing/generated-market.ts";
import { testOutput } from "../testing/test-output.ts";
import { type PrivatePlatform, startPrivatePlatform } from "./private-platform.ts";
import { type ReplayOptions, replayRecording } from "./replay.ts";
import { isGood, type ReplayReport } from "./report.ts";

const AMZN = join(
  import.meta.dirname,
  "../../../../../shared/data/lobster-engine-streams/AMZN-full-l5.csv.gz",
);
const COMMANDS = 20_000;
const BATCH = 300;
/** Batches that are sent while a process is away; then the replay waits until it is back. */
const BATCHES_MEANWHILE = 3;
const skip = await kafkaSkip(process.env, "own");

/** Each once: whoever takes requests first, then what stands behind them. */
const VICTIMS = [...SERVICE_NAMES, "kafka", "postgres"];

/** The beginning of a NASDAQ day, or one that is made up where the recordings are absent. */
function recording(): string {
  if (existsSync(AMZN)) return AMZN;
  const folder = mkdtempSync(join(tmpdir(), "bourse-crash-test-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "GEN-stream.csv");
  writeFileSync(file, generatedStream({ seed: 9, commands: COMMANDS }));
  return file;
}

async function replayOn(
  platform: PrivatePlatform,
  file: string,
  hooks: Pick<ReplayOptions, "beforeBatch" | "onBatch">,
): Promise<ReplayReport> {
  const client = new GatewayClient({ url: platform.gatewayUrl, key: platform.operatorKey });
  try {
    const options = { file, run: "crash", first: COMMANDS, batch: BATCH, accounts: 50, patienceMs: 180_000 };
    const { report } = await replayRecording(
      client,
      { ...options, verify: true, bus: "", ...hooks },
      testOutput().output,
    );
    return report;
  } finally {
    await client.close();
  }
}

/** What must be the same, whatever died on the way. */
function endOf(report: ReplayReport): Partial<ReplayReport> {
  const { accepted, rejected, trades, stateHash, balancesHash, tradesHash, ordersOpen, holdsOpen } = report;
  return { accepted, rejected, trades, stateHash, balancesHash, tradesHash, ordersOpen, holdsOpen };
}

interface Death {
  readonly name: string;
  /** The batch that had left and was not answered when the process died. */
  readonly batchInFlight: number | null;
  /** Requests that order had taken and not answered, by the platform's own count a moment before. */
  readonly requestsInOrder: number;
}

/** Kills one process after the other while batches are in flight, and starts each again before the next. */
class Reaper {
  readonly deaths: Death[] = [];
  readonly #cluster: Cluster;
  readonly #client: GatewayClient;
  readonly #waiting: string[];
  #inFlight: number | null = null;
  #reaping: Promise<void> | null = null;
  #failure: unknown;
  /** Batches since the last death. */
  #since = 0;

  constructor(platform: PrivatePlatform, victims: readonly string[]) {
    assert.ok(platform.cluster !== null);
    this.#cluster = platform.cluster;
    this.#client = new GatewayClient({ url: platform.gatewayUrl, key: platform.operatorKey });
    this.#waiting = [...victims];
  }

  /** Some batches meet the gap that a dead process leaves, not all of them. */
  beforeBatch = async (): Promise<void> => {
    if (this.#since >= BATCHES_MEANWHILE) await this.#reaping;
  };

  onBatch: NonNullable<ReplayOptions["onBatch"]> = ({ index }, state) => {
    this.#inFlight = state === "sent" ? index : null;
    if (state === "answered") this.#since++;
    else if (index >= 2 && this.#reaping === null) {
      this.#reaping = this.#reap(index)
        .catch((error: unknown) => {
          this.#failure ??= error;
        })
        .finally(() => {
          this.#reaping = null;
        });
    }
  };

  /** Resolves once the last one is back; rejects with the first failure to end or start a process. */
  async done(): Promise<void> {
    await this.#reaping;
    await this.#client.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #reap(index: number): Promise<void> {
    const name = this.#waiting[0];
    if (name === undefined) return;
    const requestsInOrder = await this.#requestsInOrder(index);
    // It was answered before it could be seen: the next batch is as good.
    if (requestsInOrder === 0) return;
    this.#waiting.shift();
    this.#since = 0;
    this.deaths.push({ name, batchInFlight: this.#inFlight, requestsInOrder });
    await this.#cluster.kill(name);
    await this.#cluster.restart(name);
  }

  /** Looks until order has the batch in hand; 0 where it was answered first. */
  async #requestsInOrder(index: number): Promise<number> {
    while (this.#inFlight === index) {
      const { services } = await this.#client.get<{
        services: readonly { readonly service: string; readonly requestsInFlight?: number }[];
      }>("/api/v1/platform/status");
      const { requestsInFlight = 0 } = services.find(({ service }) => service === "order") ?? {};
      if (requestsInFlight > 0 && this.#inFlight === index) return requestsInFlight;
    }
    return 0;
  }
}

it("a day on Kafka ends the same though every process dies once in the middle of it", {
  skip: skip ?? false,
}, async (t) => {
  const file = recording();
  const calm = await startPrivatePlatform({ bus: "embedded", progress: () => undefined });
  const undisturbed = await replayOn(calm, file, {}).finally(() => calm.remove());
  assert.ok(isGood(undisturbed), JSON.stringify(undisturbed));

  const platform = await startPrivatePlatform({ bus: "kafka", progress: () => undefined });
  const reaper = new Reaper(platform, VICTIMS);
  try {
    const report = await replayOn(platform, file, reaper);
    await reaper.done();
    for (const { name, batchInFlight, requestsInOrder } of reaper.deaths)
      t.diagnostic(
        `${name} died with batch ${batchInFlight} in flight, ${requestsInOrder} requests in order`,
      );
    t.diagnostic(`${report.retries} batches were sent again`);
    assert.deepEqual(
      reaper.deaths.map(({ name }) => name),
      VICTIMS,
    );
    for (const { name, batchInFlight, requestsInOrder } of reaper.deaths)
      assert.ok(batchInFlight !== null && requestsInOrder > 0, `a request was in flight when ${name} died`);
    assert.ok(report.retries > 0, "a death in the way of requests is felt");
    assert.deepEqual(report.verify?.violations, []);
    assert.deepEqual(endOf(report), endOf(undisturbed));
    assert.ok(isGood(report));
  } finally {
    await platform.remove();
  }
});
