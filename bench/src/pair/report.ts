import Table from "cli-table3";
import { machineFacts } from "../machine.ts";
import type { MachineShares } from "../machine-time.ts";
import { median } from "../percentiles.ts";
import type { MicrosAnOrder } from "../spine/processor-time.ts";
import type { Round } from "./measure-pair.ts";
import type { LoadName, PairOptions } from "./options.ts";

/** Of one load over all rounds: processor time an order here over that of the other checkout, the middle one. */
export interface PairSummary {
  readonly node: number | null;
  readonly postgres: number | null;
  readonly both: number | null;
  readonly rounds: number;
}

export function summaryOf(rounds: readonly Round[]): Readonly<Partial<Record<LoadName, PairSummary>>> {
  const byLoad = Map.groupBy(rounds, ({ load }) => load);
  return Object.fromEntries(
    [...byLoad].map(([load, ofLoad]) => [
      load,
      {
        node: middle(ofLoad, ({ node }) => node),
        postgres: middle(ofLoad, ({ postgres }) => postgres),
        both: middle(ofLoad, together),
        rounds: ofLoad.length,
      },
    ]),
  );
}

export function reportText(rounds: readonly Round[], { against }: PairOptions): string {
  const table = new Table({
    head: ["load", "us of Node an order: here, there", "of PostgreSQL: here, there", "ratio", "idle, taken"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { load, ours, other, machine } of rounds)
    table.push([
      load,
      `${shown(ours.node)} ${shown(other.node)}`,
      `${shown(ours.postgres)} ${shown(other.postgres)}`,
      hundredths(ratio(together(ours), together(other)))?.toFixed(2) ?? "-",
      machineText(machine),
    ]);
  const middles = Object.entries(summaryOf(rounds)).map(
    ([load, { node, postgres, both }]) =>
      `${load}: ${both ?? "-"} of the other's processor time, in the middle (Node ${node ?? "-"}, PostgreSQL ${postgres ?? "-"})`,
  );
  const facts = Object.entries({ ...machineFacts("bench:pair"), there: against }).map(
    ([name, value]) => `${name.padEnd(8)} ${value}`,
  );
  return [...facts, "", table.toString(), "", ...middles].join("\n");
}

function middle(rounds: readonly Round[], of: (micros: MicrosAnOrder) => number | null): number | null {
  const ratios = rounds.map(({ ours, other }) => ratio(of(ours), of(other)));
  return hundredths(median(ratios.filter((each) => each !== null)));
}

function together({ node, postgres }: MicrosAnOrder): number | null {
  return node === null || postgres === null ? null : node + postgres;
}

function ratio(here: number | null, there: number | null): number | null {
  return here === null || there === null ? null : here / there;
}

function hundredths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 100) / 100;
}

function shown(value: number | null): string {
  return value === null ? "-" : value.toFixed(0).padStart(5);
}

function machineText(machine: MachineShares | null): string {
  if (machine === null) return "-";
  return [machine.idle, machine.stolen].map((share) => `${(share * 100).toFixed(0)}%`).join(", ");
}
