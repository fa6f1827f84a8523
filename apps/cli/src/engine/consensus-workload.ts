import { type Random, seededRandom } from "@bourse/base";
import { CONSENSUS_HEADER } from "@bourse/recordings";

/** How far the middle of the market walks while a workload runs: the standard deviation of the logarithm at its end. */
export const SCENARIOS = {
  static: 0,
  normal: 0.02,
  "swing-25": 0.25,
  "swing-40": 0.4,
  "flash-crash": 0.6,
} as const;

export type Scenario = keyof typeof SCENARIOS;

export interface WorkloadOptions {
  readonly scenario: Scenario;
  readonly seed: number;
  /** About two messages each. */
  readonly orders: number;
}

const FIRST_MIDDLE_TICKS = 33_504;
const MAX_LOTS = 100;
/** Of all orders. */
const IMMEDIATE = 0.15;
/** Of those that may rest. */
const MODIFIED = 0.2;
const CANCELLED = 0.95;
/** Of the modified. */
const REPRICED = 0.8;
/** Of the cancelled; the stale modification, of those that were modified too. */
const SENT_AGAIN = 0.02;

/** Orders a tick: a power law of the distance from the middle, with a hump nine ticks out. */
const MAX_DISTANCE = 1_000;
const DEPTH_EXPONENT = -2.23;
const HUMP = { at: 9, height: 5.07 };

const PART_LINES = 16_384;

/**
 * A consensus workload in parts of many lines, with the shape of the published ones as their first 100,000 orders show it
 * (other orders of the same kind; the published hashes are of the published files alone). The middle walks in a geometric
 * Brownian motion, one step an order. The first half of the orders are buys and the second sells, each placed on its side
 * of the middle of its time, and then all of them are shuffled: what crosses are orders of different times. Most are
 * cancelled at once; a fifth is modified before, by one lot more and mostly one tick nearer.
 */
export function* consensusWorkload({ scenario, seed, orders }: WorkloadOptions): Generator<string> {
  const random = seededRandom(seed);
  const prices = pricesOf(random, SCENARIOS[scenario], orders);
  const arrivals = shuffled(random, orders);
  const lines = [CONSENSUS_HEADER];
  let sequence = 0;
  for (const index of arrivals) {
    const order = { id: index + 1, side: index * 2 < orders ? 0 : 1, price: prices[index] as number };
    for (const line of messagesOf(random, order)) {
      lines.push(`${line[0]},${order.side},${line[1]},${line[2]},${sequence++},${order.id},${line[3]}`);
    }
    if (lines.length < PART_LINES) continue;
    yield `${lines.join("\n")}\n`;
    lines.length = 0;
  }
  if (lines.length > 0) yield `${lines.join("\n")}\n`;
}

type Message = readonly [type: "N" | "C" | "M", immediate: 0 | 1, lots: number, price: number];

/** All that is ever sent about an order. */
function* messagesOf(
  random: Random,
  { side, price }: { readonly side: number; readonly price: number },
): Generator<Message> {
  const lots = 1 + random.below(MAX_LOTS);
  const isImmediate = random.next() < IMMEDIATE;
  yield ["N", isImmediate ? 1 : 0, lots, price];
  if (isImmediate) return;
  const isModified = random.next() < MODIFIED;
  const nearer = random.next() < REPRICED ? (side === 0 ? 1 : -1) : 0;
  if (isModified) yield ["M", 0, lots + 1, price + nearer];
  if (random.next() >= CANCELLED) return;
  yield ["C", 0, lots, price];
  if (random.next() < SENT_AGAIN) yield ["C", 0, lots, price];
  if (isModified && random.next() < SENT_AGAIN) yield ["M", 0, lots + 1, price + nearer];
}

function pricesOf(random: Random, swing: number, orders: number): Float64Array {
  const chances = depthChances();
  const step = swing / Math.sqrt(orders);
  const prices = new Float64Array(orders);
  let logMiddle = Math.log(FIRST_MIDDLE_TICKS);
  for (let order = 0; order < orders; order++) {
    const middle = Math.round(Math.exp(logMiddle));
    const distance = 1 + firstAbove(chances, random.next());
    prices[order] = order * 2 < orders ? Math.max(1, middle - distance) : middle + distance;
    logMiddle += step * normal(random) - (step * step) / 2;
  }
  return prices;
}

/** Cumulated: the chance of a distance of at most its index plus one. */
function depthChances(): Float64Array {
  const sums = new Float64Array(MAX_DISTANCE);
  let sum = 0;
  for (let index = 0; index < MAX_DISTANCE; index++) {
    const distance = index + 1;
    sum += distance ** DEPTH_EXPONENT + HUMP.height * Math.exp(-((distance - HUMP.at) ** 2) / 2);
    sums[index] = sum;
  }
  return sums.map((each) => each / sum);
}

function firstAbove(chances: Float64Array, roll: number): number {
  let [low, high] = [0, chances.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((chances[middle] as number) > roll) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Box and Muller's way. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

function shuffled(random: Random, count: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    const moved = order[last] as number;
    order[last] = order[other] as number;
    order[other] = moved;
  }
  return order;
}
