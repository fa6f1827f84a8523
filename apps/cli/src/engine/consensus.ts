import { createWriteStream } from "node:fs";
import { performance } from "node:perf_hooks";
import { pipeline } from "node:stream/promises";
import { type MessageColumns, openFile, readConsensus } from "@bourse/recordings";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { ConsensusRun } from "./consensus-run.ts";
import { ReportRows } from "./report-rows.ts";
import { reportHash, reportParts } from "./report-text.ts";

/** What `bourse engine consensus --json` tells. */
export interface ConsensusResult {
  readonly messages: number;
  /** Of the report stream. */
  readonly sha256: string;
  /** The first pass of this process: nothing is compiled yet. */
  readonly coldMessagesPerSecond: number;
  /** The median of the passes after the first. */
  readonly warmMessagesPerSecond: number;
}

export interface ConsensusOptions {
  readonly file: string;
  /** After the first one. */
  readonly warmPasses: number;
  /** Where the report stream is written to. */
  readonly reportsFile?: string;
}

/**
 * Runs a consensus workload once cold and some times warm, each time through a new engine. Timed is from the first message
 * to the last report in its row: commands written, run by the engine, events read, reports made. Not timed: reading and
 * parsing the file before, and the reports' text and hash afterwards. Every pass must make the same reports.
 */
export async function runConsensus(options: ConsensusOptions): Promise<ConsensusResult> {
  const messages = await readConsensus(openFile(options.file));
  const rows = new ReportRows();
  const cold = secondsOf(messages, rows);
  const sha256 = reportHash(messages, rows);
  if (options.reportsFile !== undefined) await writeReports(options.reportsFile, messages, rows);
  const warm: number[] = [];
  for (let pass = 0; pass < options.warmPasses; pass++) {
    warm.push(secondsOf(messages, rows));
    const again = reportHash(messages, rows);
    if (again !== sha256)
      throw new Error(`pass ${pass + 2} made other reports: ${again} instead of ${sha256}`);
  }
  const median = warm.sort((a, b) => a - b)[warm.length >> 1] ?? cold;
  const perSecond = (seconds: number): number => (seconds === 0 ? 0 : Math.round(messages.count / seconds));
  return {
    messages: messages.count,
    sha256,
    coldMessagesPerSecond: perSecond(cold),
    warmMessagesPerSecond: perSecond(median),
  };
}

function secondsOf(messages: MessageColumns, rows: ReportRows): number {
  rows.clear();
  const run = new ConsensusRun(messages, rows);
  const begin = performance.now();
  run.run();
  return (performance.now() - begin) / 1_000;
}

async function writeReports(file: string, messages: MessageColumns, rows: ReportRows): Promise<void> {
  try {
    await pipeline(copies(messages, rows), createWriteStream(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, `--reports is "${file}"; allowed is a file that can be written (${why})`);
  }
}

/** A part is overwritten by the next one, and the stream may still hold it. */
function* copies(messages: MessageColumns, rows: ReportRows): Generator<Uint8Array> {
  for (const part of reportParts(messages, rows)) yield Uint8Array.from(part);
}
