import { assert, type Result } from "@bourse/base";
import { ByteReader, ByteWriter } from "./byte-codec.ts";
import { StateHasher } from "./hasher.ts";
import {
  type EngineState,
  MASS_WORK_KINDS,
  type MassWork,
  type OrderState,
  type SymbolState,
} from "./state.ts";

export const ENGINE_VERSION = 2;

/** Why bytes are not taken for a snapshot. An older one may still be good. */
export type SnapshotFault = "not_a_snapshot" | "unknown_format" | "unknown_engine_version" | "damaged";

/** The first bytes of every snapshot. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x53, 0x45);
/** Of the bytes; what they mean is the engine's version. */
export const SNAPSHOT_FORMAT = 2;
const HEADER_BYTES = MAGIC.length + 1;
const CHECKSUM_BYTES = 16;

/** magic, format, engine version, state, checksum of all before it. */
export function encodeSnapshot(state: EngineState): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(MAGIC);
  writer.uint(SNAPSHOT_FORMAT);
  writer.uint(ENGINE_VERSION);
  writeState(writer, state);
  writer.raw(checksum(writer.written()));
  return writer.written();
}

export function decodeSnapshot(bytes: Uint8Array): Result<EngineState, SnapshotFault> {
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) return { ok: false, error: "not_a_snapshot" };
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return { ok: false, error: "not_a_snapshot" };
  const end = bytes.length - CHECKSUM_BYTES;
  const expected = checksum(bytes.subarray(0, end));
  if (expected.some((byte, index) => bytes[end + index] !== byte)) return { ok: false, error: "damaged" };
  const reader = new ByteReader(bytes.subarray(MAGIC.length, end));
  if (reader.uint() !== SNAPSHOT_FORMAT) return { ok: false, error: "unknown_format" };
  if (reader.uint() !== ENGINE_VERSION) return { ok: false, error: "unknown_engine_version" };
  const state = readState(reader);
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

function writeState(writer: ByteWriter, state: EngineState): void {
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
  writeMany(writer, state.symbols, (symbol) => writeSymbol(writer, symbol));
  writeMassWork(writer, state.pending);
}

function readState(reader: ByteReader): EngineState {
  return {
    limits: { maxOrders: reader.uint(), maxAccounts: reader.uint() },
    counters: { eventSequence: reader.uint(), lastRequest: reader.uint(), nowMs: reader.uint() },
    blockedAccounts: readMany(reader, () => reader.uint()),
    accountGroups: readMany(reader, () => [reader.uint(), reader.uint()] as const),
    positions: readMany(reader, () => {
      const [symbol, account, sign] = [reader.uint(), reader.uint(), reader.uint()];
      return { symbol, account, lots: sign === 1 ? -reader.uint() : reader.uint() };
    }),
    symbols: readMany(reader, () => readSymbol(reader)),
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

/** The numbers and flags of an order. Those that are 0 are not written: a mask says which are there. */
const ORDER_FIELDS = [
  "handle",
  "account",
  "side",
  "priceTicks",
  "filledLots",
  "leavesLots",
  "openLots",
  "timeInForce",
  "expireAtMs",
  "type",
  "selfTrade",
  "triggerBy",
  "peg",
  "displayLots",
  "boundTicks",
  "stopTicks",
  "trailTicks",
  "trailBps",
  "activationTicks",
  "minimumLots",
  "clientId",
  "session",
  "group",
  "parent",
  "awaits",
] as const;
const ORDER_FLAGS = ["postOnly", "slide", "hidden", "reduceOnly", "waits", "ready", "ifTouched"] as const;

function writeSymbol(writer: ByteWriter, state: SymbolState): void {
  for (const field of SYMBOL_FIELDS) writer.uint(state[field]);
  for (const orders of [state.bids, state.asks, state.asleep, state.aside])
    writeMany(writer, orders, (order) => writeOrder(writer, order));
}

function readSymbol(reader: ByteReader): SymbolState {
  const fields = Object.fromEntries(SYMBOL_FIELDS.map((field) => [field, reader.uint()])) as Record<
    (typeof SYMBOL_FIELDS)[number],
    number
  >;
  const orders = (): OrderState[] => readMany(reader, () => readOrder(reader, fields.symbol));
  return { ...fields, bids: orders(), asks: orders(), asleep: orders(), aside: orders() };
}

/** The numbers of the order in hand, in the order of `ORDER_FIELDS`. */
const numbers = new Float64Array(ORDER_FIELDS.length);
const BIT: readonly number[] = ORDER_FIELDS.map((_, bit) => 2 ** bit);

/**
 * Its numbers one by one by their names: asked for by name in a loop they took most of a snapshot's time, and a market
 * stands still while its snapshot is taken.
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

/** A bit each, in the order of `ORDER_FLAGS`. */
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
  const fields = Object.fromEntries(
    ORDER_FIELDS.map((field, bit) => [field, isSet(mask, bit) ? reader.uint() : 0]),
  ) as Record<(typeof ORDER_FIELDS)[number], number>;
  const words = Object.fromEntries(ORDER_FLAGS.map((flag, bit) => [flag, isSet(flags, bit)])) as Record<
    (typeof ORDER_FLAGS)[number],
    boolean
  >;
  return { symbol, quantityLots: fields.filledLots + fields.leavesLots, ...fields, ...words };
}

function isSet(mask: number, bit: number): boolean {
  return Math.floor(mask / 2 ** bit) % 2 === 1;
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
