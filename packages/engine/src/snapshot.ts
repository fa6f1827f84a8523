import { assert, type Result } from "@bourse/base";
import { ByteReader, ByteWriter } from "./byte-codec.ts";
import type { TimeInForceCode } from "./commands.ts";
import { StateHasher } from "./hasher.ts";
import {
  type EngineState,
  MASS_WORK_KINDS,
  type MassWork,
  type OrderState,
  type SymbolState,
} from "./state.ts";

export const ENGINE_VERSION = 1;

/** Why bytes are not taken for a snapshot. An older one may still be good. */
export type SnapshotFault = "not_a_snapshot" | "unknown_format" | "unknown_engine_version" | "damaged";

/** The first bytes of every snapshot. */
const MAGIC = Uint8Array.of(0x42, 0x52, 0x53, 0x45);
const FORMAT = 1;
const HEADER_BYTES = MAGIC.length + 1;
const CHECKSUM_BYTES = 16;

/** magic, format, engine version, state, checksum of all before it. */
export function encodeSnapshot(state: EngineState): Uint8Array {
  const writer = new ByteWriter();
  writer.raw(MAGIC);
  writer.uint(FORMAT);
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
  if (reader.uint() !== FORMAT) return { ok: false, error: "unknown_format" };
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
  writer.uint(state.blockedAccounts.length);
  for (const account of state.blockedAccounts) writer.uint(account);
  writer.uint(state.symbols.length);
  for (const symbol of state.symbols) writeSymbol(writer, symbol);
  writeMassWork(writer, state.pending);
}

function readState(reader: ByteReader): EngineState {
  return {
    limits: { maxOrders: reader.uint(), maxAccounts: reader.uint() },
    counters: { eventSequence: reader.uint(), lastRequest: reader.uint(), nowMs: reader.uint() },
    blockedAccounts: readMany(reader, () => reader.uint()),
    symbols: readMany(reader, () => readSymbol(reader)),
    pending: readMassWork(reader),
  };
}

function readMany<T>(reader: ByteReader, one: () => T): T[] {
  const count = reader.uint();
  const many: T[] = [];
  for (let index = 0; index < count; index++) many.push(one());
  return many;
}

function writeSymbol(writer: ByteWriter, state: SymbolState): void {
  writer.uint(state.symbol);
  writer.uint(state.maxPriceTicks);
  writer.uint(state.maxQuantityLots);
  writer.uint(state.halted ? 1 : 0);
  writer.uint(state.tradeNumber);
  writer.uint(state.bookSequence);
  for (const orders of [state.bids, state.asks]) {
    writer.uint(orders.length);
    for (const order of orders) writeOrder(writer, order);
  }
}

function readSymbol(reader: ByteReader): SymbolState {
  const symbol = reader.uint();
  return {
    symbol,
    maxPriceTicks: reader.uint(),
    maxQuantityLots: reader.uint(),
    halted: reader.uint() === 1,
    tradeNumber: reader.uint(),
    bookSequence: reader.uint(),
    bids: readMany(reader, () => readOrder(reader, symbol, 0)),
    asks: readMany(reader, () => readOrder(reader, symbol, 1)),
  };
}

function writeOrder(writer: ByteWriter, order: OrderState): void {
  writer.uint(order.handle);
  writer.uint(order.account);
  writer.uint(order.timeInForce * 2 + (order.postOnly ? 1 : 0));
  writer.uint(order.priceTicks);
  writer.uint(order.filledLots);
  writer.uint(order.leavesLots);
  writer.uint(order.expireAtMs);
}

function readOrder(reader: ByteReader, symbol: number, side: number): OrderState {
  const handle = reader.uint();
  const account = reader.uint();
  const kind = reader.uint();
  const priceTicks = reader.uint();
  const filledLots = reader.uint();
  const leavesLots = reader.uint();
  const expireAtMs = reader.uint();
  const timeInForce = Math.floor(kind / 2) as TimeInForceCode;
  const quantityLots = filledLots + leavesLots;
  const postOnly = kind % 2 === 1;
  return {
    handle,
    symbol,
    account,
    side,
    timeInForce,
    postOnly,
    priceTicks,
    quantityLots,
    filledLots,
    leavesLots,
    expireAtMs,
  };
}

function writeMassWork(writer: ByteWriter, work: MassWork | undefined): void {
  writer.uintOrNone(work === undefined ? -1 : MASS_WORK_KINDS.indexOf(work.kind));
  if (work === undefined) return;
  writer.uint(work.request);
  writer.uintOrNone(work.account);
  writer.uintOrNone(work.symbol);
  writer.uintOrNone(work.side);
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
    nextHandle: reader.uint(),
    visitedOrders: reader.uint(),
    affectedOrders: reader.uint(),
  };
}
