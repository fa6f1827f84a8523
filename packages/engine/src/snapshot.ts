import { assert, inOneTurn, type Result, StepCount, type Steps } from "@bourse/base";
import { ByteReader, ByteWriter } from "./byte-codec.ts";
import { StateHasher } from "./hasher.ts";
import {
  type EngineState,
  MASS_WORK_KINDS,
  type MassWork,
  type OrderState,
  type SymbolState,
} from "./state.ts";

/**
 * The version of the engine's semantics. It is raised by every change after which the same commands may lead to another
 * state or change an existing event; additional events don't raise it. A log names the version it was written for (R8).
 */
export const ENGINE_VERSION = 2;

/** Why bytes are refused as a snapshot. An older snapshot may still be usable. */
export type SnapshotFault = "not_a_snapshot" | "unknown_format" | "unknown_engine_version" | "damaged";

/** The first bytes of every snapshot. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x53, 0x45);
/** Of the bytes; what they mean is the engine's version. */
export const SNAPSHOT_FORMAT = 2;
const HEADER_BYTES = MAGIC.length + 1;
const CHECKSUM_BYTES = 16;
/** The number of orders that are written or read in a step. */
const ORDERS_IN_A_STEP = 10_000;

/** magic, format, engine version, state, checksum of all before it. */
export function* encodeSteps(state: EngineState): Steps<Uint8Array> {
  const writer = new ByteWriter();
  writer.raw(MAGIC);
  writer.uint(SNAPSHOT_FORMAT);
  writer.uint(ENGINE_VERSION);
  yield* writeState(writer, state);
  writer.raw(checksum(writer.written()));
  return writer.written();
}

export function decodeSnapshot(bytes: Uint8Array): Result<EngineState, SnapshotFault> {
  return inOneTurn(decodeSteps(bytes));
}

export function* decodeSteps(bytes: Uint8Array): Steps<Result<EngineState, SnapshotFault>> {
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) return { ok: false, error: "not_a_snapshot" };
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return { ok: false, error: "not_a_snapshot" };
  const end = bytes.length - CHECKSUM_BYTES;
  const expected = checksum(bytes.subarray(0, end));
  if (expected.some((byte, index) => bytes[end + index] !== byte)) return { ok: false, error: "damaged" };
  const reader = new ByteReader(bytes.subarray(MAGIC.length, end));
  if (reader.uint() !== SNAPSHOT_FORMAT) return { ok: false, error: "unknown_format" };
  if (reader.uint() !== ENGINE_VERSION) return { ok: false, error: "unknown_engine_version" };
  const state = yield* readState(reader);
  assert(reader.atEnd(), "a snapshot ends with its state");
  return { ok: true, value: state };
}

function checksum(bytes: Uint8Array): Uint8Array {
  const hasher = new StateHasher();
  hasher.bytes(bytes);
  const digest = hasher.digest();
  return Uint8Array.from({ length: CHECKSUM_BYTES }, (_, index) =>
    Number.parseInt(digest.slice(index * 2, index * 2 + 2), 16),
  );
}

function* writeState(writer: ByteWriter, state: EngineState): Steps<void> {
  writer.uint(state.limits.maxOrders);
  writer.uint(state.limits.maxAccounts);
  writer.uint(state.counters.eventSequence);
  writer.uint(state.counters.lastRequest);
  writer.uint(state.counters.nowMs);
  writeMany(writer, state.blockedAccounts, (account) => writer.uint(account));
  writeMany(writer, state.accountGroups, ([account, group]) => {
    writer.uint(account);
    writer.uint(group);
  });
  writeMany(writer, state.positions, ({ symbol, account, lots }) => {
    writer.uint(symbol);
    writer.uint(account);
    writer.uint(lots < 0 ? 1 : 0);
    writer.uint(Math.abs(lots));
  });
  writer.uint(state.symbols.length);
  const count = new StepCount(ORDERS_IN_A_STEP);
  for (const symbol of state.symbols) yield* writeSymbol(writer, symbol, count);
  writeMassWork(writer, state.pending);
}

function* readState(reader: ByteReader): Steps<EngineState> {
  const count = new StepCount(ORDERS_IN_A_STEP);
  return {
    limits: { maxOrders: reader.uint(), maxAccounts: reader.uint() },
    counters: { eventSequence: reader.uint(), lastRequest: reader.uint(), nowMs: reader.uint() },
    blockedAccounts: readMany(reader, () => reader.uint()),
    accountGroups: readMany(reader, () => [reader.uint(), reader.uint()] as const),
    positions: readMany(reader, () => {
      const [symbol, account, sign] = [reader.uint(), reader.uint(), reader.uint()];
      return { symbol, account, lots: sign === 1 ? -reader.uint() : reader.uint() };
    }),
    symbols: yield* readSymbols(reader, count),
    pending: readMassWork(reader),
  };
}

function writeMany<T>(writer: ByteWriter, many: readonly T[], one: (item: T) => void): void {
  writer.uint(many.length);
  for (const item of many) one(item);
}

function readMany<T>(reader: ByteReader, one: () => T): T[] {
  const count = reader.uint();
  const many: T[] = [];
  for (let index = 0; index < count; index++) many.push(one());
  return many;
}

/** The numbers of a symbol, in the order in which they are written. */
const SYMBOL_FIELDS = [
  "symbol",
  "maxPriceTicks",
  "maxQuantityLots",
  "phase",
  "tradeNumber",
  "bookSequence",
  "orderSequence",
  "lastPriceTicks",
  "lowerTicks",
  "upperTicks",
  "limitStateMs",
  "limitUntilMs",
] as const;

function* writeSymbol(writer: ByteWriter, state: SymbolState, count: StepCount): Steps<void> {
  for (const field of SYMBOL_FIELDS) writer.uint(state[field]);
  for (const orders of [state.bids, state.asks, state.asleep, state.aside]) {
    writer.uint(orders.length);
    for (const order of orders) {
      if (count.isFull()) yield;
      writeOrder(writer, order);
    }
  }
}

function* readSymbols(reader: ByteReader, count: StepCount): Steps<SymbolState[]> {
  const symbols: SymbolState[] = [];
  for (let left = reader.uint(); left > 0; left--) symbols.push(yield* readSymbol(reader, count));
  return symbols;
}

function* readSymbol(reader: ByteReader, count: StepCount): Steps<SymbolState> {
  const fields = Object.fromEntries(SYMBOL_FIELDS.map((field) => [field, reader.uint()])) as Record<
    (typeof SYMBOL_FIELDS)[number],
    number
  >;
  const orders = (): Steps<OrderState[]> => readOrders(reader, fields.symbol, count);
  const [bids, asks] = [yield* orders(), yield* orders()];
  return { ...fields, bids, asks, asleep: yield* orders(), aside: yield* orders() };
}

function* readOrders(reader: ByteReader, symbol: number, count: StepCount): Steps<OrderState[]> {
  const orders: OrderState[] = [];
  for (let left = reader.uint(); left > 0; left--) {
    if (count.isFull()) yield;
    orders.push(readOrder(reader, symbol));
  }
  return orders;
}

/** The numbers of the order in hand, in the order of `numbersOf`. Those that are 0 are not written: a mask says which are there. */
const numbers = new Float64Array(25);
const BIT: readonly number[] = Array.from(numbers, (_, bit) => 2 ** bit);

/**
 * Fields are copied one by one by name, here and in `orderOf`: a loop over the names took most of a snapshot's time, and a
 * market stands still while its snapshot is written or read.
 */
function numbersOf(order: OrderState): void {
  numbers[0] = order.handle;
  numbers[1] = order.account;
  numbers[2] = order.side;
  numbers[3] = order.priceTicks;
  numbers[4] = order.filledLots;
  numbers[5] = order.leavesLots;
  numbers[6] = order.openLots;
  numbers[7] = order.timeInForce;
  numbers[8] = order.expireAtMs;
  numbers[9] = order.type;
  numbers[10] = order.selfTrade;
  numbers[11] = order.triggerBy;
  numbers[12] = order.peg;
  numbers[13] = order.displayLots;
  numbers[14] = order.boundTicks;
  numbers[15] = order.stopTicks;
  numbers[16] = order.trailTicks;
  numbers[17] = order.trailBps;
  numbers[18] = order.activationTicks;
  numbers[19] = order.minimumLots;
  numbers[20] = order.clientId;
  numbers[21] = order.session;
  numbers[22] = order.group;
  numbers[23] = order.parent;
  numbers[24] = order.awaits;
}

/** A bit each. */
function flagsOf(order: OrderState): number {
  return (
    (order.postOnly ? 1 : 0) |
    (order.slide ? 2 : 0) |
    (order.hidden ? 4 : 0) |
    (order.reduceOnly ? 8 : 0) |
    (order.waits ? 16 : 0) |
    (order.ready ? 32 : 0) |
    (order.ifTouched ? 64 : 0)
  );
}

function writeOrder(writer: ByteWriter, order: OrderState): void {
  numbersOf(order);
  let mask = 0;
  for (let bit = 0; bit < BIT.length; bit++) if (numbers[bit] !== 0) mask += BIT[bit] as number;
  writer.uint(mask);
  writer.uint(flagsOf(order));
  for (let bit = 0; bit < BIT.length; bit++) {
    const value = numbers[bit] as number;
    if (value !== 0) writer.uint(value);
  }
}

function readOrder(reader: ByteReader, symbol: number): OrderState {
  const mask = reader.uint();
  const flags = reader.uint();
  for (let bit = 0; bit < BIT.length; bit++)
    numbers[bit] = (mask & (BIT[bit] as number)) === 0 ? 0 : reader.uint();
  return orderOf(symbol, flags);
}

/** The order whose numbers are in hand. */
function orderOf(symbol: number, flags: number): OrderState {
  const filledLots = numbers[4] as number;
  const leavesLots = numbers[5] as number;
  return {
    handle: numbers[0] as number,
    symbol,
    account: numbers[1] as number,
    side: numbers[2] as number,
    priceTicks: numbers[3] as number,
    quantityLots: filledLots + leavesLots,
    filledLots,
    leavesLots,
    openLots: numbers[6] as number,
    timeInForce: numbers[7] as number,
    expireAtMs: numbers[8] as number,
    type: numbers[9] as number,
    selfTrade: numbers[10] as number,
    triggerBy: numbers[11] as number,
    peg: numbers[12] as number,
    displayLots: numbers[13] as number,
    boundTicks: numbers[14] as number,
    stopTicks: numbers[15] as number,
    trailTicks: numbers[16] as number,
    trailBps: numbers[17] as number,
    activationTicks: numbers[18] as number,
    minimumLots: numbers[19] as number,
    clientId: numbers[20] as number,
    session: numbers[21] as number,
    group: numbers[22] as number,
    parent: numbers[23] as number,
    awaits: numbers[24] as number,
    postOnly: (flags & 1) !== 0,
    slide: (flags & 2) !== 0,
    hidden: (flags & 4) !== 0,
    reduceOnly: (flags & 8) !== 0,
    waits: (flags & 16) !== 0,
    ready: (flags & 32) !== 0,
    ifTouched: (flags & 64) !== 0,
  };
}

function writeMassWork(writer: ByteWriter, work: MassWork | undefined): void {
  writer.uintOrNone(work === undefined ? -1 : MASS_WORK_KINDS.indexOf(work.kind));
  if (work === undefined) return;
  writer.uint(work.request);
  writer.uintOrNone(work.account);
  writer.uintOrNone(work.symbol);
  writer.uintOrNone(work.side);
  writer.uint(work.session);
  writer.uint(work.nextHandle);
  writer.uint(work.visitedOrders);
  writer.uint(work.affectedOrders);
}

function readMassWork(reader: ByteReader): MassWork | undefined {
  const code = reader.uintOrNone();
  if (code === -1) return undefined;
  const kind = MASS_WORK_KINDS[code];
  assert(kind !== undefined, "a snapshot names a known kind of mass work");
  return {
    kind,
    request: reader.uint(),
    account: reader.uintOrNone(),
    symbol: reader.uintOrNone(),
    side: reader.uintOrNone(),
    session: reader.uint(),
    nextHandle: reader.uint(),
    visitedOrders: reader.uint(),
    affectedOrders: reader.uint(),
  };
}
