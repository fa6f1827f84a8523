import { openRecording } from "@bourse/recordings";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import type { Output } from "../output.ts";
import { patienceOf } from "../patience.ts";
import { startProgress } from "../progress.ts";
import { verifyReport } from "../verify/check-invariants.ts";
import { verifyWithProgress } from "../verify/verify-with-progress.ts";
import { waitUntilQuiet } from "../verify/wait-until-quiet.ts";
import { type Batch, batchesOf } from "./batches.ts";
import { MAX_ACCOUNTS, MAX_BATCH, MIN_ACCOUNTS } from "./bounds.ts";
import { FillComparison } from "./compare.ts";
import { type Counts, countTables, walletCountsSince } from "./counts.ts";
import { balancesHash, engineStateHash, hashOfLines } from "./hashes.ts";
import { listingFor } from "./listing.ts";
import { ReplayPlan, RUN_PATTERN, type RunTerms } from "./plan.ts";
import { type AccountLimits, prepareVenue, UNLIMITED } from "./prepare.ts";
import { type ReplayReport, reportFills } from "./report.ts";
import { type Sent, sendBatches } from "./send.ts";
import { surveyRecording } from "./survey.ts";
import { inRun, tradeLine, tradesOf } from "./trades.ts";

export interface ReplayOptions {
  readonly file: string;
  /** The orderbook file of a LOBSTER message file, where it is not beside it. */
  readonly bookFile?: string;
  readonly run: string;
  /** Default: the file's ticker. */
  readonly symbol?: string;
  /** Only the first so many commands. */
  readonly first?: number;
  /** Items of a batch, up to 1,000. */
  readonly batch: number;
  /** Accounts a side. */
  readonly accounts: number;
  /** Default: none that can bind. */
  readonly limits?: AccountLimits;
  /** How long to wait for something that is away, and for the platform to become quiet. */
  readonly patienceMs: number;
  readonly verify: boolean;
  /** For the report. */
  readonly bus: string;
  /** Waited for before a batch leaves. */
  readonly beforeBatch?: (batch: Batch) => Promise<void>;
  /** Told when a batch leaves and when its last answer is there. */
  readonly onBatch?: (batch: Batch, state: "sent" | "answered") => void;
}

export interface Replayed {
  readonly report: ReplayReport;
  readonly counts: Counts;
  readonly firstRefusals: readonly string[];
}

/** Feeds a recording through the public API and compares what came out with what the venue did. */
export async function replayRecording(
  client: GatewayClient,
  options: ReplayOptions,
  output: Output,
): Promise<Replayed> {
  checkOptions(options);
  const patience = patienceOf(options.patienceMs, (why) => output.note(`waiting: ${why}`));
  const survey = await surveyRecording(first((await open(options)).commands, options.first));
  // What is listed stays listed: a file without commands lists nothing.
  if (survey.commands === 0)
    throw new CliError(EXIT.usage, `${options.file}: it has no commands -> at least one`);
  const recording = await open(options);
  const baseAsset = recording.ticker;
  const symbol = options.symbol ?? recording.ticker;
  const terms: RunTerms = { run: options.run, symbol, accounts: options.accounts };
  const before = await countTables(client, terms.run);
  await prepareVenue(client, {
    listing: listingFor(survey, { symbol, baseAsset }),
    terms,
    limits: options.limits ?? UNLIMITED,
    patience,
  });
  await refuseBookOfOthers(client, symbol, before);

  const comparison = new FillComparison();
  const batches = batchesOf(first(recording.commands, options.first), new ReplayPlan(terms), options.batch);
  const progress = startProgress(output, { title: "replay", unit: "commands", total: survey.commands });
  const startedMs = performance.now();
  const sent = await sendBatches(batches, {
    client,
    symbol,
    patience,
    ...(options.beforeBatch === undefined ? {} : { beforeBatch: options.beforeBatch }),
    onBatch: (batch, state) => {
      if (state === "sent") for (const taker of batch.expected) comparison.expect(taker);
      else progress.at(batch.commandsSoFar);
      options.onBatch?.(batch, state);
    },
  }).finally(() => progress.end());
  const sentMs = performance.now();
  const { quietSinceMs } = await waitUntilQuiet(client, patience);
  const seconds = (quietSinceMs - startedMs) / 1_000;
  const after = await readBack(client, { terms, sent, comparison, before });
  return {
    report: {
      commands: survey.commands,
      accepted: sent.accepted,
      rejected: sent.rejected,
      ...after.report,
      seconds,
      commandsPerSecond: survey.commands / seconds,
      sendSeconds: (sentMs - startedMs) / 1_000,
      verify: options.verify ? verifyReport(await verifyWithProgress(client, patience, output)) : null,
      run: terms.run,
      symbol,
      bus: options.bus,
      prints: sent.prints,
      skipped: sent.skipped,
      retries: sent.retries,
      refusals: Object.fromEntries(sent.refusals),
    },
    counts: after.counts,
    firstRefusals: sent.firstRefusals,
  };
}

/** What the platform has of the run, once nothing moves any more. */
async function readBack(
  client: GatewayClient,
  run: {
    readonly terms: RunTerms;
    readonly sent: Sent;
    readonly comparison: FillComparison;
    readonly before: Counts;
  },
) {
  let trades = 0;
  const tradeLines: string[] = [];
  for await (const trade of tradesOf(client, run.terms.symbol)) {
    const ours = inRun(trade, run.sent.clientOrderIds);
    if (ours === undefined) continue;
    trades++;
    tradeLines.push(tradeLine(trade));
    run.comparison.trade(ours);
  }
  const counts = await countTables(client, run.terms.run);
  const wallet = walletCountsSince(run.before.wallet, counts.wallet);
  return {
    counts,
    report: {
      ...reportFills(run.comparison.outcome()),
      trades,
      holdsOpened: wallet.holdsOpened,
      holdsOpen: wallet.holdsOpen,
      journals: wallet.journals,
      settlements: wallet.settlements,
      orders: counts.order.orders,
      ordersOpen: counts.order.open,
      stateHash: await engineStateHash(client),
      balancesHash: await balancesHash(client),
      tradesHash: hashOfLines(tradeLines),
    },
  };
}

/** Orders of others in the book would be met by the recording's. A run that goes on has orders of its own in it. */
async function refuseBookOfOthers(client: GatewayClient, symbol: string, before: Counts): Promise<void> {
  if (before.order.orders > 0) return;
  const path = `/api/v1/markets/${encodeURIComponent(symbol)}/book`;
  const book = await client.get<{ bids: readonly unknown[]; asks: readonly unknown[] }>(path, { depth: 1 });
  if (book.bids.length + book.asks.length === 0) return;
  throw new CliError(
    EXIT.refused,
    `the book of ${symbol} has orders in it, which the recording's would meet. ` +
      `Replay it as another symbol (--symbol ${symbol}.R), or privately (--standalone).`,
  );
}

function open({ file, bookFile }: ReplayOptions): ReturnType<typeof openRecording> {
  return bookFile === undefined ? openRecording(file) : openRecording(file, bookFile);
}

async function* first<Item>(items: AsyncIterable<Item>, count: number | undefined): AsyncGenerator<Item> {
  let taken = 0;
  for await (const item of items) {
    if (count !== undefined && taken++ >= count) return;
    yield item;
  }
}

function checkOptions({ run, batch, accounts }: ReplayOptions): void {
  if (!RUN_PATTERN.test(run))
    throw new CliError(
      EXIT.usage,
      `--run: ${run} -> up to 20 letters, digits, - and _, beginning with a letter or digit`,
    );
  if (!(batch >= 1 && batch <= MAX_BATCH))
    throw new CliError(EXIT.usage, `--batch: ${batch} -> from 1 to ${MAX_BATCH}`);
  if (!(accounts >= MIN_ACCOUNTS && accounts <= MAX_ACCOUNTS))
    throw new CliError(
      EXIT.usage,
      `--accounts: ${accounts} -> from ${MIN_ACCOUNTS} to ${MAX_ACCOUNTS} a side`,
    );
}
