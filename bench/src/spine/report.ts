import Table from "cli-table3";
import { machineFacts } from "../machine.ts";
import type { MachineShares } from "../machine-time.ts";
import { floorAcknowledgements, ofFloor, shareOfRate, timesMicros } from "./against-floor.ts";
import type { ClosedLoopResult, Latency, OpenLoopResult } from "./load-jobs.ts";
import { type ClosedMeasure, type FloorMeasure, type Measured, type Measures, rateOf } from "./measure.ts";
import type { BusKind } from "./options.ts";
import type { ClosedName } from "./plan.ts";
import type { MicrosAnOrder } from "./processor-time.ts";

/** One line of the table: what it is, what it should be, and its cell for each platform. */
interface Line {
  readonly what: string;
  /** Only where the floor was measured. */
  readonly isOfFloor?: true;
  readonly aim: Readonly<Record<BusKind, string>>;
  readonly cell: (measures: Measures) => string;
}

const NO_AIM = { embedded: "", kafka: "" } as const;

const CLOSED: readonly { readonly name: ClosedName; readonly words: string; readonly aim: Line["aim"] }[] = [
  { name: "single64", words: "one order a request, 64 connections", aim: NO_AIM },
  {
    name: "single256",
    words: "one order a request, 256 connections",
    aim: { embedded: "8,000", kafka: "4,000" },
  },
  {
    name: "batched",
    words: "100 orders a request, 16 connections",
    aim: { embedded: "20,000", kafka: "10,000" },
  },
];

const LINES: readonly Line[] = [
  ...CLOSED.flatMap(closedLines),
  {
    what: "1,000 orders/s: acknowledged, p50 / p99 / max ms",
    aim: { embedded: "p99 10", kafka: "p99 20" },
    cell: ({ steady }) => times(steady.load.acknowledgements),
  },
  {
    what: "  the floor's, and p50 and p99 in multiples of it",
    isOfFloor: true,
    aim: NO_AIM,
    cell: ({ steady: { load, floor } }) => {
      if (floor === null) return "";
      const [ours, its] = [load.acknowledgements, floorAcknowledgements(floor)];
      return `${times(its)} (${ratio(ofFloor(ours.p50, its.p50))}, ${ratio(ofFloor(ours.p99, its.p99))})`;
    },
  },
  {
    what: "  order to settled at the client, p50 / p99 / max ms",
    aim: { embedded: "p99 25", kafka: "p99 50" },
    cell: ({ steady }) => times(steady.load.settlements),
  },
  {
    what: "  of that the client sent late, p50 / p99 / max ms",
    aim: NO_AIM,
    cell: ({ steady }) => times(steady.load.sendDelays),
  },
  ...processorLines(({ steady }) => steady),
  {
    what: "replay: commands/s, settled",
    aim: { embedded: "15,000", kafka: "7,500" },
    cell: ({ replay }) =>
      `${count(replay.commandsPerSecond)} (${count(replay.commands)}, ${replay.recording})`,
  },
  {
    what: "  until the last acknowledgement",
    aim: NO_AIM,
    cell: ({ replay }) => count(replay.commands / replay.sendSeconds),
  },
  { what: "trades an order", aim: NO_AIM, cell: tradeShare },
  {
    what: "largest process of the platform, MB (RSS)",
    aim: { embedded: "500", kafka: "250" },
    cell: ({ memory }) => {
      const sizes = Object.values(memory.nodes).filter((size) => size !== null);
      return sizes.length === 0 ? "unknown" : count(Math.max(...sizes));
    },
  },
  { what: "PostgreSQL, all processes, MB (PSS)", aim: NO_AIM, cell: ({ memory }) => size(memory.postgres) },
  { what: "Kafka, MB (RSS)", aim: NO_AIM, cell: ({ memory }) => size(memory.kafka) },
  { what: "start, s", aim: NO_AIM, cell: ({ startSeconds }) => startSeconds.toFixed(1) },
];

/** The report for people. */
export function reportText(all: readonly Measures[]): string {
  const table = new Table({
    head: ["", ...all.flatMap(({ bus }) => [bus, "aim"])],
    colAligns: ["left", ...all.flatMap(() => ["right", "right"] as const)],
    style: { head: [], border: [], compact: true },
  });
  const hasFloor = all.some(({ steady }) => steady.floor !== null);
  for (const { what, aim, cell } of LINES.filter(({ isOfFloor }) => hasFloor || !isOfFloor))
    table.push([what, ...all.flatMap((measures) => [cell(measures), aim[measures.bus]])]);
  const facts = Object.entries(machineFacts("bench:spine")).map(
    ([name, value]) => `${name.padEnd(8)} ${value}`,
  );
  return [...facts, "", table.toString(), "", ...all.flatMap(notes)].join("\n");
}

function closedLines({ name, words, aim }: (typeof CLOSED)[number]): readonly Line[] {
  const of = (measures: Measures): ClosedMeasure | undefined =>
    measures.closed.find((measure) => measure.name === name);
  return [
    {
      what: `${words}: orders/s`,
      aim,
      cell: (measures) => {
        const found = of(measures);
        return found === undefined ? "" : rate(found.load);
      },
    },
    {
      what: "  the floor's, and the share of it",
      isOfFloor: true,
      aim: NO_AIM,
      cell: (measures) => {
        const found = of(measures);
        if (found === undefined || found.floor === null) return "";
        return `${rate(...found.floor.loads)} (${ratio(shareOfRate(found))})`;
      },
    },
    {
      what: "  answered, p50 / p99 / max ms",
      aim: NO_AIM,
      cell: (measures) => {
        const found = of(measures);
        return found === undefined ? "" : times(found.load.requests);
      },
    },
    {
      what: "  settled so long after the last answer, s",
      aim: NO_AIM,
      cell: (measures) => {
        const found = of(measures);
        return found === undefined ? "" : (found.found.catchUpMs / 1_000).toFixed(1);
      },
    },
    ...processorLines(of),
  ];
}

function processorLines(of: (measures: Measures) => Measured<unknown> | undefined): readonly Line[] {
  return [
    {
      what: "  processor, µs an order: Node + PostgreSQL",
      aim: NO_AIM,
      cell: (measures) => {
        const found = of(measures);
        return found === undefined ? "" : micros(found.micros);
      },
    },
    {
      what: "  the floor's, and in multiples of it",
      isOfFloor: true,
      aim: NO_AIM,
      cell: (measures) => {
        const found = of(measures);
        if (found === undefined || found.floor === null) return "";
        return `${micros(found.floor.micros)} (${ratio(timesMicros(found))})`;
      },
    },
  ];
}

/** What no table shows: durability, counts, sizes of single processes, refusals. */
function notes(measures: Measures): readonly string[] {
  const { bus, durability, closed, steady, memory, replay } = measures;
  const settings = Object.entries(durability).map(([name, value]) => `${name} ${value}`);
  const nodes = Object.entries(memory.nodes).map(([name, value]) => `${name} ${size(value)}`);
  const loads = [{ name: "steady", ...steady }, ...closed];
  return [
    `${bus}:`,
    `  PostgreSQL says: ${settings.join(", ")}`,
    ...loads.flatMap(({ name, load, found, machine, floor }) => {
      const refused = Object.entries(load.refused).map(
        ([code, orders]) => `${count(orders)} refused (${code})`,
      );
      const line = `  ${name}: ${[
        `${count(load.acknowledged)} orders acknowledged`,
        `${count(found.orders)} found in SQL`,
        `${count(found.trades)} trades settled`,
        ...refused,
        `client ${load.clientCores.toFixed(2)} cores`,
        machineNote(machine),
      ].join(", ")}`;
      return floor === null ? [line] : [line, `    ${floorNote(floor)}`];
    }),
    `  replay: ${count(replay.trades)} trades, ${count(replay.settlements)} settled, ${count(replay.rejected)} rejected, ` +
      `${count(replay.aggressorsEqual)} of ${count(replay.aggressorsExpected)} aggressors filled as recorded`,
    `  processes, MB: ${nodes.join(", ")}`,
    "",
  ];
}

function floorNote({
  loads,
  platformCores,
  machine,
}: FloorMeasure<ClosedLoopResult | OpenLoopResult>): string {
  const halves = loads.map((load) => {
    const figure = load.kind === "closed" ? `${rate(load)}/s` : `${times(load.acknowledgements)} ms`;
    return `${count(load.acknowledged)} orders acknowledged and found in SQL (${figure})`;
  });
  const beside = `beside it the idle platform ${platformCores.toFixed(2)} cores`;
  return `floor: before ${halves[0]}, after ${halves[1]}, ${beside}, ${machineNote(machine)}`;
}

function machineNote(shares: MachineShares | null): string {
  if (shares === null) return "the machine unknown";
  const [idle, stolen] = [shares.idle, shares.stolen].map((share) => `${(100 * share).toFixed(1)}%`);
  return `the machine ${idle} idle, ${stolen} taken by its host`;
}

function tradeShare({ closed, steady }: Measures): string {
  const found = [steady, ...closed].map((measure) => measure.found);
  const sum = (of: (each: (typeof found)[number]) => number): number =>
    found.reduce((total, each) => total + of(each), 0);
  return (sum(({ trades }) => trades) / sum(({ orders }) => orders)).toFixed(2);
}

function times({ p50, p99, max }: Latency): string {
  return [p50, p99, max].map((value) => (value === null ? "-" : value.toFixed(1))).join(" / ");
}

function rate(...loads: readonly ClosedLoopResult[]): string {
  const perSecond = rateOf(...loads);
  return perSecond === null ? "" : count(perSecond);
}

function ratio(value: number | null): string {
  return value === null ? "unknown" : value.toFixed(2);
}

function micros({ node, postgres, kafka }: MicrosAnOrder): string {
  if (node === null || postgres === null) return "unknown";
  return [node, postgres].map(count).join(" + ") + (kafka === null ? "" : ` + Kafka ${count(kafka)}`);
}

function size(megabytes: number | null): string {
  return megabytes === null ? "unknown" : count(megabytes);
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
