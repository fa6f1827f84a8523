import { type Random, seededRandom } from "@bourse/base";
import { CommandWords, createBinaryEngine, EVENT, type EventRing } from "@bourse/engine";

/** What an operation does. */
export const OPERATION = { PLACE: 0, CANCEL: 1, TAKE: 2 } as const;

/** The middle of the book; prices lie around it. */
const MIDDLE_TICKS = 500_000;
const MAX_LOTS = 100;
const ACCOUNTS = 1_000;

export interface WorkloadSpec {
  readonly name: string;
  readonly restingOrders: number;
  /** On each side. */
  readonly levels: number;
  readonly operations: number;
  /** Of 100 operations: passive limits, cancels; what is left takes. */
  readonly passivePercent: number;
  readonly cancelPercent: number;
}

/** Operations in columns, the same for every engine: the first `warmUp` of them only fill the book. */
export interface Workload {
  readonly spec: WorkloadSpec;
  readonly warmUp: number;
  readonly count: number;
  readonly kind: Uint8Array;
  readonly side: Uint8Array;
  readonly price: Int32Array;
  readonly lots: Int32Array;
  readonly account: Int32Array;
  /** The handle of what is placed, or of what is cancelled: always of an order that rests. */
  readonly handle: Int32Array;
  /** The same as commands, and where each begins. */
  readonly words: CommandWords;
  readonly starts: Int32Array;
  /** Handles of the orders that rest at the end. */
  readonly left: Int32Array;
}

const WORDS_A_COMMAND = 6;
const HEAD_WORDS = 5;

/**
 * Draws the operations while an engine runs them, so that a cancel always finds its order and the book keeps its size:
 * when fewer rest than asked for, a cancel becomes a passive limit, and the other way round when more do.
 */
export function makeWorkload(spec: WorkloadSpec, seed: number): Workload {
  const random = seededRandom(seed);
  const count = spec.restingOrders + spec.operations;
  const columns = {
    kind: new Uint8Array(count),
    side: new Uint8Array(count),
    price: new Int32Array(count),
    lots: new Int32Array(count),
    account: new Int32Array(count),
    handle: new Int32Array(count),
    starts: new Int32Array(count + 1),
  };
  const words = new CommandWords(HEAD_WORDS + count * WORDS_A_COMMAND);
  const engine = createBinaryEngine({ onFull: () => {} });
  words.plain(12, { request: 1, atMs: 0 }, 0, [MIDDLE_TICKS * 2, MAX_LOTS * 10]);
  engine.run(words);
  engine.events.releaseTo(-1);
  const resting = new RestingSet(count);
  for (let index = 0; index < count; index++) {
    const kind = index < spec.restingOrders ? OPERATION.PLACE : drawKind(spec, random, resting.size);
    const request = index + 2;
    columns.kind[index] = kind;
    columns.side[index] = random.below(2);
    columns.lots[index] = 1 + random.below(MAX_LOTS);
    columns.account[index] = random.below(ACCOUNTS);
    const distance = 1 + random.below(spec.levels);
    const buys = columns.side[index] === 0;
    if (kind === OPERATION.TAKE) columns.price[index] = buys ? MIDDLE_TICKS * 2 - 1 : 1;
    else columns.price[index] = buys ? MIDDLE_TICKS - distance : MIDDLE_TICKS + distance;
    columns.handle[index] = kind === OPERATION.CANCEL ? resting.any(random.below(resting.size)) : request;
    columns.starts[index] = words.length;
    writeCommand(words, columns, index, request);
    engine.run(words, columns.starts[index], words.length);
    if (kind === OPERATION.CANCEL) resting.remove(columns.handle[index] as number);
    if (kind === OPERATION.PLACE) resting.add(request);
    forgetFilled(engine.events, resting);
  }
  columns.starts[count] = words.length;
  return { spec, warmUp: spec.restingOrders, count, ...columns, words, left: resting.all() };
}

function drawKind(spec: WorkloadSpec, random: Random, resting: number): number {
  const roll = random.below(100);
  if (roll >= spec.passivePercent + spec.cancelPercent) return OPERATION.TAKE;
  if (resting < spec.restingOrders * 0.98) return OPERATION.PLACE;
  if (resting > spec.restingOrders * 1.02) return OPERATION.CANCEL;
  return roll < spec.passivePercent ? OPERATION.PLACE : OPERATION.CANCEL;
}

function writeCommand(
  words: CommandWords,
  columns: Omit<Workload, "spec" | "warmUp" | "count" | "words" | "left">,
  index: number,
  request: number,
): void {
  const head = { request, atMs: 0 };
  if (columns.kind[index] === OPERATION.CANCEL) {
    words.cancel(head, columns.handle[index] as number);
    return;
  }
  words.place(head, {
    symbol: 0,
    account: columns.account[index] as number,
    side: columns.side[index] as number,
    type: 0,
    timeInForce: columns.kind[index] === OPERATION.TAKE ? 3 : 0,
    postOnly: false,
    priceTicks: columns.price[index] as number,
    quantityLots: columns.lots[index] as number,
    worstPriceTicks: 0,
    expireAtMs: 0,
  });
}

function forgetFilled(ring: EventRing, resting: RestingSet): void {
  for (let at = ring.first(); at !== -1; at = ring.after(at)) {
    if (((ring.i32[at * 2] as number) & 255) !== EVENT.TRADE) continue;
    if (ring.f64[at + 7] === 0) resting.remove(ring.f64[at + 3] as number);
  }
  ring.releaseTo(-1);
}

/** Handles from which any can be drawn. */
class RestingSet {
  readonly #members: Int32Array;
  readonly #places: Int32Array;
  size = 0;

  constructor(capacity: number) {
    this.#members = new Int32Array(capacity + 2);
    this.#places = new Int32Array(capacity + 2);
  }

  add(handle: number): void {
    this.#places[handle] = this.size;
    this.#members[this.size++] = handle;
  }

  all(): Int32Array {
    return this.#members.slice(0, this.size);
  }

  any(index: number): number {
    return this.#members[index] as number;
  }

  remove(handle: number): void {
    const place = this.#places[handle] as number;
    const last = this.#members[--this.size] as number;
    this.#members[place] = last;
    this.#places[last] = place;
  }
}
