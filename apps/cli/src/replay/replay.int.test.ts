import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { openRecording } from "@bourse/recordings";
import { GatewayClient } from "../client.ts";
import { generatedStream } from "../testing/generated-market.ts";
import { testOutput } from "../testing/test-output.ts";
import type { AccountLimits } from "./prepare.ts";
import { type PrivatePlatform, startPrivatePlatform } from "./private-platform.ts";
import { type Replayed, replayRecording } from "./replay.ts";
import { isGood } from "./report.ts";

const DATA = join(import.meta.dirname, "../../../../../shared/data/lobster-engine-streams");
const RECORDED = [
  { file: "AAPL-998-l10.csv.gz", aggressors: 63, fills: 97 },
  { file: "MSFT-1000-l50.csv.gz", aggressors: 35, fills: 58 },
] as const;
const skipRecorded = existsSync(DATA) ? false : "the folder ../shared/data with recorded markets is absent";
const skipKafka = await kafkaSkip(process.env, "own");

const folder = mkdtempSync(join(tmpdir(), "bourse-replay-test-"));
const generated = join(folder, "GEN-stream.csv");
writeFileSync(generated, generatedStream({ seed: 20_120_621, commands: 2_500 }));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly file?: string;
  readonly run?: string;
  readonly symbol?: string;
  readonly batch?: number;
  readonly limits?: AccountLimits;
  readonly verify?: boolean;
}

async function replayOn(platform: PrivatePlatform, run: Run = {}): Promise<Replayed> {
  const client = new GatewayClient({ url: platform.gatewayUrl, key: platform.operatorKey });
  try {
    const { file = generated, limits, symbol } = run;
    return await replayRecording(
      client,
      {
        file,
        run: run.run ?? "t",
        ...(symbol === undefined ? {} : { symbol }),
        batch: run.batch ?? 250,
        accounts: 50,
        ...(limits === undefined ? {} : { limits }),
        patienceMs: 60_000,
        verify: run.verify ?? true,
        bus: "embedded",
      },
      testOutput().output,
    );
  } finally {
    await client.close();
  }
}

async function count(
  file: string,
  wanted: (command: { kind: string; price: number; quantity: number }) => boolean,
) {
  const { commands } = await openRecording(file);
  let found = 0;
  for await (const command of commands) if (wanted(command)) found++;
  return found;
}

/** Placements of a recording. */
const isPlaced = ({ kind }: { kind: string }): boolean => kind === "limit" || kind === "aggress";

/** Of the generated flow, on the embedded platform. */
let first: Replayed;

describe("a replay on the embedded platform", () => {
  let platform: PrivatePlatform;
  before(async () => {
    platform = await startPrivatePlatform({ bus: "embedded", progress: () => undefined });
  });
  after(() => platform?.remove());

  it("has every fill as recorded, and the tables hold what was sent", async () => {
    first = await replayOn(platform);
    const { report } = first;
    assert.deepEqual(report.differences, []);
    assert.deepEqual(report.verify?.violations, []);
    assert.ok(isGood(report));
    assert.equal(report.commands, 2_500);
    assert.equal(report.accepted, 2_500);
    assert.ok(report.aggressorsExpected > 200 && report.fillsExpected > report.aggressorsExpected);
    assert.equal(report.trades, report.fillsExpected);
    assert.equal(report.settlements, report.trades);
    const placed = await count(generated, isPlaced);
    assert.deepEqual([report.orders, report.holdsOpened], [placed, placed]);
    assert.equal(report.holdsOpen, report.ordersOpen);
    assert.ok(report.journals > report.settlements);
    assert.equal(report.prints, await count(generated, ({ kind }) => kind === "hidden"));
  });

  it("that is sent again with its run's id happens once", async () => {
    const { report } = await replayOn(platform, { batch: 1_000 });
    const { stateHash, balancesHash, tradesHash, trades, rejected, holdsOpened, journals } = report;
    const { stateHash: state, balancesHash: balances, tradesHash: lines, trades: before } = first.report;
    assert.deepEqual([stateHash, balancesHash, tradesHash, trades], [state, balances, lines, before]);
    assert.deepEqual([rejected, holdsOpened, journals], [0, 0, 0]);
    assert.ok(isGood(report));
  });

  it("refuses a book with orders of others in it, and says how else", async () => {
    await assert.rejects(
      replayOn(platform, { run: "other" }),
      /the book of GEN has orders in it.*--symbol GEN\.R/,
    );
  });

  for (const [name, code, limits, binds] of [
    [
      "quantity",
      "size_limit_exceeded",
      { maxOrderQuantity: "400" },
      ({ quantity }: { quantity: number }) => quantity > 400,
    ],
    [
      "value",
      "notional_limit_exceeded",
      { maxOrderNotional: "30000" },
      ({ price, quantity }: { price: number; quantity: number }) => price * quantity > 30_000 * 10_000,
    ],
  ] as const) {
    it(`under a binding limit of ${name} is refused as often as a plain count over the file says`, async () => {
      const symbol = `GEN.${name.slice(0, 1).toUpperCase()}`;
      const { report } = await replayOn(platform, { run: `limit-${name}`, symbol, limits });
      const expected = await count(generated, (command) => isPlaced(command) && binds(command));
      assert.ok(expected > 50);
      assert.equal(report.refusals[code], expected);
      assert.equal(report.accepted + report.rejected, report.commands);
      assert.deepEqual(report.verify?.violations, []);
      assert.equal(isGood(report), false);
    });
  }

  for (const { file, aggressors, fills } of RECORDED) {
    it(`of ${file} has every fill that NASDAQ made`, { skip: skipRecorded }, async () => {
      const { report } = await replayOn(platform, { file: join(DATA, file), run: file.slice(0, 4) });
      assert.deepEqual([report.refusals, report.differences], [{}, []]);
      assert.ok(isGood(report));
      assert.deepEqual([report.aggressorsEqual, report.fillsEqual], [aggressors, fills]);
    });
  }
});

describe("the same recording on Kafka, every service its own process", { skip: skipKafka ?? false }, () => {
  it("ends in the same trades, balances and engine state", async () => {
    const platform = await startPrivatePlatform({ bus: "kafka", progress: () => undefined });
    try {
      const { report } = await replayOn(platform);
      assert.ok(isGood(report));
      assert.deepEqual(endOf(report), endOf(first.report));
    } finally {
      await platform.remove();
    }
  });
});

function endOf({
  stateHash,
  balancesHash,
  tradesHash,
  holdsOpened,
  holdsOpen,
  settlements,
}: Replayed["report"]) {
  return { stateHash, balancesHash, tradesHash, holdsOpened, holdsOpen, settlements };
}
