import Table from "cli-table3";
import { machineFacts } from "../machine.ts";
import type { Growth } from "./measure-growth.ts";

/** What an order may cost in a venue that has grown, against the plain one. */
export const MAX_RATIO = 2;

export interface GrowthSummary {
  readonly ordersPerSecond: number | null;
  readonly cpuMicrosPerOrder: number;
  /** Processor time of an order here over that in the plain venue. */
  readonly costRatio: number;
  /** Orders a second in the plain venue over those here. */
  readonly slowdown: number | null;
  readonly nodeRssMb: number | null;
  readonly postgresRssMb: number | null;
}

export function summaryOf(grown: Growth, plain: Growth): GrowthSummary {
  const { ordersPerSecond, cpuMicrosPerOrder, nodeRssMb, postgresRssMb } = grown;
  const rates = ordersPerSecond !== null && plain.ordersPerSecond !== null;
  return {
    ordersPerSecond: whole(ordersPerSecond),
    cpuMicrosPerOrder: Math.round(cpuMicrosPerOrder),
    costRatio: hundredths(cpuMicrosPerOrder / plain.cpuMicrosPerOrder),
    slowdown: rates ? hundredths((plain.ordersPerSecond ?? 0) / (ordersPerSecond ?? 1)) : null,
    nodeRssMb: whole(nodeRssMb),
    postgresRssMb: whole(postgresRssMb),
  };
}

export function reportText(all: readonly Growth[], plain: Growth): string {
  const table = new Table({
    head: [
      "venue",
      "orders/s",
      "processor us an order",
      `cost, aim ${MAX_RATIO}`,
      "slower by",
      "request p50 / p99 ms",
      "Node MB",
      "PostgreSQL MB",
      "set up s",
    ],
    colAligns: ["left", "right", "right", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const grown of all) {
    const summary = summaryOf(grown, plain);
    table.push([
      grown.words,
      shown(summary.ordersPerSecond),
      shown(summary.cpuMicrosPerOrder),
      summary.costRatio.toFixed(2),
      summary.slowdown?.toFixed(2) ?? "-",
      [grown.requests.p50, grown.requests.p99].map((value) => value?.toFixed(0) ?? "-").join(" / "),
      shown(summary.nodeRssMb),
      shown(summary.postgresRssMb),
      shown(grown.setUpSeconds),
    ]);
  }
  const facts = Object.entries(machineFacts("bench:growth")).map(
    ([name, value]) => `${name.padEnd(8)} ${value}`,
  );
  return [...facts, "", table.toString()].join("\n");
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function shown(value: number | null): string {
  return value === null ? "-" : Math.round(value).toLocaleString("en-US");
}
