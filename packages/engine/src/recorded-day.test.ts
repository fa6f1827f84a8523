import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { createEngine, type Engine, ORDER_TYPE, SIDE, TIME_IN_FORCE } from "./index.ts";
import { eventSink } from "./testing.ts";

/** NASDAQ order flow of 2012-06-21 with the fills that NASDAQ made; kept beside the repository, not in it. */
const DATA = fileURLToPath(new URL("../../../../shared/data/lobster-engine-streams/", import.meta.url));
const DAYS = [
  { file: "AMZN-full-l5.csv.gz", aggressors: 6_586, fills: 8_674 },
  { file: "AAPL-998-l10.csv.gz", aggressors: 63, fills: undefined },
  { file: "MSFT-1000-l50.csv.gz", aggressors: 35, fills: undefined },
];

for (const { file, aggressors, fills } of DAYS) {
  const skip = existsSync(DATA + file) ? false : `${DATA}${file} is absent`;
  test(`a recorded day gives every fill and touch that NASDAQ gave: ${file}`, { skip }, () => {
    const day = replay(gunzipSync(readFileSync(DATA + file)).toString());
    assert.deepEqual(day.differences.slice(0, 5), []);
    assert.equal(day.aggressors, aggressors);
    if (fills !== undefined) assert.equal(day.fills, fills);
    assert.ok(day.touches > 500, `touches are compared, got ${day.touches}`);
  });
}

interface Day {
  aggressors: number;
  fills: number;
  touches: number;
  readonly differences: { line: number; what: string; got: string; expected: string }[];
}

function replay(csv: string): Day {
  const day: Day = { aggressors: 0, fills: 0, touches: 0, differences: [] };
  const fileIds = new Map<number, string>();
  let fills: string[] = [];
  const sink = eventSink(([name, ...values]) => {
    if (name === "trade") fills.push(`${fileIds.get(Number(values[3])) ?? ""}:${values[5]}:${values[6]}`);
    if (name === "rejected") fills.push(`rejected ${values[3]}`);
  });
  const engine = createEngine({ sink });
  engine.listSymbol({
    request: 1,
    atMs: 0,
    symbol: 0,
    maxPriceTicks: 100_000_000,
    maxQuantityLots: 10_000_000,
  });
  const handles = new Map<string, number>();
  const check = (line: number, what: string, got: string, expected: string): void => {
    if (got !== expected) day.differences.push({ line, what, got, expected });
  };
  for (const [index, row] of csv.trimEnd().split(/\r?\n/).slice(1).entries()) {
    const [cmd = "", id = "", side, price, qty, , expected = "", ...touch] = row.split(",");
    const line = index + 2;
    const request = line;
    fills = [];
    if (cmd === "L" || cmd === "M") {
      fileIds.set(request, id);
      handles.set(id, request);
      enter(engine, request, {
        isAggressor: cmd === "M",
        isBuy: side === "B",
        price: Number(price),
        qty: Number(qty),
      });
    } else if (cmd !== "H") {
      reduce(engine, request, handles.get(id) ?? 0, cmd === "D" ? Number.POSITIVE_INFINITY : Number(qty));
    }
    check(line, "fills", fills.join("|"), expected);
    if (cmd === "M") day.aggressors++;
    day.fills += fills.length;
    if (touch.some((column) => column !== "")) {
      check(line, "touch", touchOf(engine), touch.join());
      day.touches++;
    }
  }
  return day;
}

interface Entry {
  readonly isAggressor: boolean;
  readonly isBuy: boolean;
  readonly price: number;
  readonly qty: number;
}

function enter(engine: Engine, request: number, { isAggressor, isBuy, price, qty }: Entry): void {
  engine.place({
    request,
    atMs: 0,
    symbol: 0,
    account: isBuy ? 0 : 1,
    side: isBuy ? SIDE.BUY : SIDE.SELL,
    type: ORDER_TYPE.LIMIT,
    timeInForce: isAggressor ? TIME_IN_FORCE.IOC : TIME_IN_FORCE.GTC,
    postOnly: false,
    priceTicks: price,
    quantityLots: qty,
    worstPriceTicks: 0,
    expireAtMs: 0,
  });
}

function reduce(engine: Engine, request: number, handle: number, byLots: number): void {
  const order = engine.order(handle);
  if (order === undefined || order.leavesLots <= byLots) engine.cancel({ request, atMs: 0, handle });
  else engine.amend({ request, atMs: 0, handle, priceTicks: 0, quantityLots: order.quantityLots - byLots });
}

function touchOf(engine: Engine): string {
  const book = engine.bookSnapshot(0, 1);
  const columns = [book?.bids[0], book?.asks[0]].map((level) => [
    level?.priceTicks ?? "",
    level?.totalLots ?? "",
  ]);
  return columns.flat().join();
}
