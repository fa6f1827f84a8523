import { type Random, seededRandom } from "@bourse/base";
import type { EngineCommand } from "./engine-command.ts";

const SYMBOLS = 3;
const ACCOUNTS = 6;
const MAX_PRICE = 100_000;
const MAX_QUANTITY = 1_000;
/** Where the handles of every third seed begin. */
const BEYOND_32_BITS = 2 ** 40;
/** Numbers that no field takes, or only by chance. */
const WRONG = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300, 7, 1_001, 100_001];

/**
 * `count` commands over all features, the same for the same seed: crowded books around a wandering price, far prices,
 * references to recent, old and unknown orders, bursts of time, and a few commands that are wrong in one field.
 */
export function randomCommands(seed: number, count: number): EngineCommand[] {
  const random = seededRandom(seed);
  const commands: EngineCommand[] = [];
  const flow: Flow = {
    random,
    request: seed % 3 === 0 ? BEYOND_32_BITS : 0,
    atMs: 1_000,
    middle: 1_000,
    resting: [],
  };
  for (let symbol = 0; symbol < SYMBOLS && commands.length < count; symbol++) {
    flow.request++;
    const limits = { maxPriceTicks: MAX_PRICE, maxQuantityLots: MAX_QUANTITY };
    commands.push({ kind: "list", request: flow.request, atMs: flow.atMs, symbol, ...limits });
  }
  while (commands.length < count) {
    flow.request += random.below(20) === 0 ? 1 + random.below(5) : 1;
    flow.atMs += random.below(50) === 0 ? random.below(2_000) : random.below(4);
    flow.middle = Math.min(2_000, Math.max(50, flow.middle + random.below(3) - 1));
    const command = nextCommand(flow);
    commands.push(random.below(25) === 0 ? spoiled(random, command) : command);
  }
  return commands;
}

interface Flow {
  readonly random: Random;
  request: number;
  atMs: number;
  middle: number;
  /** Handles of orders that may rest. */
  readonly resting: number[];
}

function nextCommand(flow: Flow): EngineCommand {
  const { random, request, atMs } = flow;
  const head = { request, atMs };
  const symbol = random.below(SYMBOLS);
  const account = random.below(ACCOUNTS);
  const roll = random.below(1_000);
  if (roll < 640) return place(flow);
  if (roll < 780) return { kind: "amend", ...head, ...amendment(flow) };
  if (roll < 900) return { kind: "cancel", ...head, handle: someHandle(flow) };
  if (roll < 907) {
    const side = random.below(3) - 1;
    return { kind: "massCancel", ...head, account, symbol: random.below(SYMBOLS + 1) - 1, side };
  }
  if (roll < 909) return { kind: "block", ...head, account };
  if (roll < 930) return { kind: "unblock", ...head, account };
  if (roll < 933) return { kind: "halt", ...head, symbol };
  if (roll < 970) return { kind: "resume", ...head, symbol };
  if (roll < 994) return { kind: "advanceTime", ...head };
  if (roll < 997) return { kind: "void", ...head, handle: someHandle(flow) };
  return {
    kind: "list",
    ...head,
    symbol: random.below(SYMBOLS + 2),
    maxPriceTicks: 500,
    maxQuantityLots: 50,
  };
}

function place(flow: Flow): EngineCommand {
  const { random, request, atMs } = flow;
  const side = random.below(2);
  const type = random.below(8) === 0 ? 1 : 0;
  const timeInForce = random.below(3) === 0 ? random.below(5) : 0;
  const price = somePrice(flow, side);
  if (type === 0 && timeInForce <= 2) flow.resting.push(request);
  return {
    kind: "place",
    request,
    atMs,
    symbol: random.below(SYMBOLS),
    account: random.below(ACCOUNTS),
    side,
    type,
    timeInForce,
    postOnly: random.below(10) === 0,
    priceTicks: type === 1 ? 0 : price,
    quantityLots: 1 + random.below(random.below(10) === 0 ? 300 : 20),
    worstPriceTicks: type === 1 ? price : random.below(20) === 0 ? somePrice(flow, side) : 0,
    expireAtMs: timeInForce === 1 ? dayEnd(atMs) : atMs + random.below(1_500),
  };
}

function dayEnd(atMs: number): number {
  return (Math.floor(atMs / 3_000) + 1) * 3_000;
}

/** Mostly on the order's own side of the middle, sometimes across, rarely far away. */
function somePrice({ random, middle }: Flow, side: number): number {
  if (random.below(60) === 0) return 1 + random.below(MAX_PRICE);
  const distance = random.below(14) - 3;
  return Math.max(1, side === 0 ? middle - distance : middle + distance);
}

function amendment(flow: Flow): { handle: number; priceTicks: number; quantityLots: number } {
  const { random } = flow;
  const priceTicks = random.below(2) === 0 ? 0 : somePrice(flow, random.below(2));
  return {
    handle: someHandle(flow),
    priceTicks,
    quantityLots: random.below(3) === 0 ? 0 : 1 + random.below(25),
  };
}

/** Mostly of an order that may still rest, the younger the likelier; sometimes of none. */
function someHandle({ random, request, resting }: Flow): number {
  if (random.below(15) === 0) return request + 2 - random.below(2_000);
  const back = random.below(3) === 0 ? random.below(resting.length + 1) : random.below(25);
  return resting[resting.length - 1 - back] ?? request;
}

/** The same command with one number replaced by a wrong one. */
function spoiled(random: Random, command: EngineCommand): EngineCommand {
  const fields = Object.entries(command).filter(([, value]) => typeof value === "number");
  const [field] = fields[random.below(fields.length)] ?? ["request"];
  const wrong = WRONG[random.below(WRONG.length)] ?? 0;
  return { ...command, [field]: field === "request" ? Math.min(wrong, command.request - 1) : wrong };
}
