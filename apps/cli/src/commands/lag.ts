import { Command } from "commander";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import { type SourceOptions, withSource, withStreams } from "../streams/stream-options.ts";
import type { LagRow, LagView, StreamSource } from "../streams/stream-source.ts";
import { totalLag } from "../total-lag.ts";

interface LagOptions extends SourceOptions {
  readonly watch?: boolean;
  readonly group?: string;
  readonly topic?: string;
  readonly behind?: boolean;
}

interface LagLine extends LagRow {
  /** Records done with a second since the look before; null at the first one. */
  readonly perSecond: number | null;
}

const LOOK_MS = 1_000;

export function lagCommand(): Command {
  const command = withSource(new Command("lag"))
    .description(
      "Show how far behind each group is, by topic and partition: by its marks, and by what it has committed",
    )
    .option("--group <name>", "only groups whose name has this in it")
    .option("--topic <topic>", "only this topic")
    .option("--behind", "only what is behind")
    .option("--watch", "again every second, until Ctrl-C")
    .action(lag);
  return withExamples(command, [
    ["lag", "all groups"],
    ["lag --group wallet. --watch", "wallet's, with how fast they go"],
    ["lag --behind --json", "for a program: {rows, groups, silent, unknown, lag}"],
    ["lag --kafka 127.0.0.1:9092", "what a broker's groups have committed"],
  ]);
}

async function lag(options: LagOptions): Promise<void> {
  await withStreams(options, async (source, output) => {
    let earlier: Look | null = null;
    for (;;) {
      const now = await look(source, options);
      const lines = now.rows.map((row) => ({
        ...row,
        perSecond: earlier === null ? null : speed(row, earlier, now),
      }));
      if (options.watch === true && process.stdout.isTTY) process.stdout.write("\x1b[2J\x1b[H");
      print(output, lines, now);
      output.result({
        rows: lines,
        groups: now.view.groups,
        silent: now.view.silent,
        unknown: now.unknown,
        lag: totalLag(lines.map((row) => row.lag)),
      });
      if (now.nobody) output.note("no group fits --group and --topic; without them all are shown");
      if (now.view.silent.length > 0 || now.unknown.length > 0 || now.nobody) process.exitCode = EXIT.failed;
      if (options.watch !== true) return;
      earlier = now;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  });
}

interface Look {
  readonly atMs: number;
  readonly view: LagView;
  readonly rows: readonly LagRow[];
  /** Of the groups that are meant. */
  readonly unknown: LagView["unknown"];
  /** No group fits: nobody is behind, and nobody reads. */
  readonly nobody: boolean;
}

async function look(source: StreamSource, { group, topic, behind }: LagOptions): Promise<Look> {
  const view = await source.lag();
  const meant = view.rows.filter(
    (row) =>
      (group === undefined || row.group.includes(group)) && (topic === undefined || row.topic === topic),
  );
  // Of which topic their partitions are is not known either.
  const unknown = view.unknown.filter((each) => group === undefined || each.group.includes(group));
  const rows = behind === true ? meant.filter(({ lag }) => lag !== 0) : meant;
  return { atMs: performance.now(), view, rows, unknown, nobody: meant.length + unknown.length === 0 };
}

function speed(row: LagRow, earlier: Look, now: Look): number | null {
  const before = earlier.rows.find(
    ({ group, topic, partition }) =>
      group === row.group && topic === row.topic && partition === row.partition,
  );
  if (before?.position == null || row.position === null) return null;
  const done = Number(BigInt(row.position) - BigInt(before.position));
  return Math.round((Math.max(0, done) * 1_000) / (now.atMs - earlier.atMs));
}

function behind(lags: readonly (number | null)[]): string {
  const known = lags.filter((lag) => lag !== null);
  const unknown = lags.length - known.length;
  const records = `${grouped(totalLag(known) ?? 0)} records behind`;
  return unknown === 0
    ? records
    : `${records}, and how far ${unknown} of ${lags.length} partitions are is not known`;
}

function print(output: Output, lines: readonly LagLine[], { view, unknown }: Look): void {
  const { groups, silent } = view;
  const withSpeed = lines.some(({ perSecond }) => perSecond !== null);
  output.table(
    [
      "group",
      "members",
      "topic",
      "partition",
      "state",
      "position",
      "end",
      "lag",
      "committed",
      ...(withSpeed ? ["records/s"] : []),
    ],
    lines.map((line) => [
      line.group,
      groups.find(({ group }) => group === line.group)?.members ?? "-",
      line.topic,
      line.partition,
      line.error === null ? line.state : `${line.state}: ${line.error}`,
      line.position ?? "-",
      line.end ?? "-",
      line.lag === null ? "unknown" : grouped(line.lag),
      hintOf(line),
      ...(withSpeed ? [line.perSecond === null ? "-" : grouped(line.perSecond)] : []),
    ]),
  );
  output.line(behind(lines.map((row) => row.lag)));
  for (const service of silent) output.note(`${service} does not answer: how far it is, is not known`);
  for (const { group, reason } of unknown) output.note(`${group}: not all of its lag is known: ${reason}`);
}

/** What was committed is a hint (R5): told where it differs from the truth. */
function hintOf({ committed, position }: LagRow): string {
  if (committed === null) return "-";
  return committed === position ? "same" : committed;
}
