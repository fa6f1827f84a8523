import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { performance } from "node:perf_hooks";
import { type MessageColumns, openFile, readConsensus } from "@bourse/recordings";
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
  const out = createWriteStream(file);
  for (const part of reportParts(messages, rows)) {
    // A copy: the part is overwritten by the next one, and the stream may still hold it.
    if (!out.write(Uint8Array.from(part))) await once(out, "drain");
  }
  out.end();
  await once(out, "finish");
}
