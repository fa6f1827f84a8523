import { assert, present } from "@bourse/base";
import { ENGINE_VERSION, SNAPSHOT_FORMAT } from "@bourse/engine";
import { NameTable } from "./name-table.ts";
import { NetPositions } from "./net-positions.ts";
import { type OrderRecord, OrderRecords } from "./order-records.ts";
import { type Listing, SymbolTable } from "./symbol-table.ts";

/** Everything a partition's program knows. */
export interface ProgramState {
  readonly version: number;
  readonly engineSequence: number;
  readonly symbols: SymbolTable;
  readonly accounts: NameTable;
  /** Of an account each, behind its name. */
  readonly sessions: NameTable;
  readonly selfTradeGroups: NameTable;
  readonly positions: NetPositions;
  readonly orders: OrderRecords;
  readonly engine: Uint8Array;
}

const FORMAT = 2;

/** Of the tables, of the engine's bytes, and of what they mean: a snapshot of others can't be read. */
export const PROGRAM_SNAPSHOT_FORMAT: string = [FORMAT, SNAPSHOT_FORMAT, ENGINE_VERSION].join(".");

/** The tables as JSON behind their length, then the engine's own bytes. The same state has the same bytes. */
export function encodeProgram(state: ProgramState): Uint8Array {
  const tables = Buffer.from(
    JSON.stringify({
      format: FORMAT,
      version: state.version,
      engineSequence: state.engineSequence,
      symbols: state.symbols.all().map(({ listing, bookSequence }) => ({ listing, bookSequence })),
      accounts: state.accounts.all(),
      sessions: state.sessions.all(),
      selfTradeGroups: state.selfTradeGroups.all(),
      positions: state.positions.all(),
      orders: state.orders.all().map(encodeOrder),
    }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(tables.length);
  return Buffer.concat([length, tables, state.engine]);
}

interface Tables {
  readonly format: number;
  readonly version: number;
  readonly engineSequence: number;
  readonly symbols: readonly { readonly listing: Listing; readonly bookSequence: number }[];
  readonly accounts: readonly string[];
  readonly sessions: readonly string[];
  readonly selfTradeGroups: readonly string[];
  readonly positions: readonly (readonly [number, number])[];
  readonly orders: readonly EncodedOrder[];
}

export function decodeProgram(bytes: Uint8Array): ProgramState {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  const tables: Tables = JSON.parse(buffer.toString("utf8", 4, end));
  assert(tables.format === FORMAT, `a snapshot of matching has format ${FORMAT}, this one ${tables.format}`);
  const symbols = new SymbolTable();
  for (const { listing, bookSequence } of tables.symbols) symbols.list(listing).bookSequence = bookSequence;
  const orders = new OrderRecords();
  for (const order of tables.orders) orders.add(decodeOrder(order, symbols));
  const { version, engineSequence } = tables;
  return {
    version,
    engineSequence,
    symbols,
    accounts: new NameTable(tables.accounts),
    sessions: new NameTable(tables.sessions),
    selfTradeGroups: new NameTable(tables.selfTradeGroups),
    positions: new NetPositions(tables.positions),
    orders,
    engine: buffer.subarray(end),
  };
}

type EncodedOrder = Omit<OrderRecord, "symbol" | "feeUnits"> & {
  readonly symbol: string;
  readonly feeUnits: string;
};

function encodeOrder(order: OrderRecord): EncodedOrder {
  return { ...order, symbol: order.symbol.symbol, feeUnits: order.feeUnits.toString() };
}

function decodeOrder(order: EncodedOrder, symbols: SymbolTable): OrderRecord {
  const symbol = present(symbols.find(order.symbol), "the symbol of an order in the snapshot");
  return { ...order, symbol, feeUnits: BigInt(order.feeUnits) };
}
