import { assert, StepCount, type Steps } from "@bourse/base";
import { ENGINE_VERSION, SNAPSHOT_FORMAT } from "@bourse/engine";
import { NameTable } from "./name-table.ts";
import { NetPositions } from "./net-positions.ts";
import { type OrderRecord, OrderRecords } from "./order-records.ts";
import { type Listing, SymbolTable } from "./symbol-table.ts";

/** The whole state of a partition's program. */
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

const FORMAT = 3;
/** Orders that are written or read in one step. */
const ORDERS_IN_A_STEP = 10_000;

/** The format of the tables, of the engine's bytes and of their meaning: a snapshot in another one can't be read. */
export const PROGRAM_SNAPSHOT_FORMAT: string = [FORMAT, SNAPSHOT_FORMAT, ENGINE_VERSION].join(".");

/**
 * The tables as JSON, preceded by their length, then the engine's own bytes. The same state has the same bytes. The orders
 * are the last table, so that they can be written in steps.
 */
export function* encodeSteps(state: ProgramState): Steps<Uint8Array> {
  const pieces = [
    JSON.stringify({
      format: FORMAT,
      version: state.version,
      engineSequence: state.engineSequence,
      symbols: state.symbols.all().map(({ listing, bookSequence }) => ({ listing, bookSequence })),
      accounts: state.accounts.all(),
      sessions: state.sessions.all(),
      selfTradeGroups: state.selfTradeGroups.all(),
      positions: state.positions.all(),
      orders: [],
    }).slice(0, -"]}".length),
  ];
  const orders = state.orders.all();
  for (let from = 0; from < orders.length; from += ORDERS_IN_A_STEP) {
    if (from > 0) yield;
    const rows = JSON.stringify(orders.slice(from, from + ORDERS_IN_A_STEP).map(rowOf));
    pieces.push(from === 0 ? "" : ",", rows.slice(1, -1));
  }
  const tables = Buffer.from(`${pieces.join("")}]}`);
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
  readonly orders: readonly OrderRow[];
}

export function* decodeSteps(bytes: Uint8Array): Steps<ProgramState> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 4 + buffer.readUInt32LE(0);
  const tables: Tables = JSON.parse(buffer.toString("utf8", 4, end));
  assert(tables.format === FORMAT, `a snapshot of matching has format ${FORMAT}, this one ${tables.format}`);
  const symbols = new SymbolTable();
  for (const { listing, bookSequence } of tables.symbols) symbols.list(listing).bookSequence = bookSequence;
  const orders = new OrderRecords();
  const accounts = new NameTable(tables.accounts);
  const count = new StepCount(ORDERS_IN_A_STEP);
  for (const row of tables.orders) {
    if (count.isFull()) yield;
    orders.add(orderOf(row, symbols, accounts));
  }
  const { version, engineSequence } = tables;
  return {
    version,
    engineSequence,
    symbols,
    accounts,
    sessions: new NameTable(tables.sessions),
    selfTradeGroups: new NameTable(tables.selfTradeGroups),
    positions: new NetPositions(tables.positions),
    orders,
    engine: buffer.subarray(end),
  };
}

/**
 * An order without field names, which would be most of its length: a partition's market stands still while its snapshot is
 * written. Fields that an order has only once it has traded are left out until then.
 */
type OrderRow = readonly [...OrderHead, traded?: OrderTrades];

type OrderHead = readonly [
  orderId: string,
  handle: number,
  account: number,
  symbol: number,
  side: 0 | 1,
  makerFeePpm: number,
  takerFeePpm: number,
  quantityLots: number,
  boundTicks: number,
  leavesLots: number,
];

type OrderTrades = readonly [
  filledLots: number,
  cancelledLots: number,
  makerTickLots: number,
  takerTickLots: number,
  feeUnits: string,
  transferredLots: number,
  transferredTickLots: number,
  triggered: 0 | 1,
];

function rowOf(order: OrderRecord): OrderRow {
  const { orderId, handle, account, symbol, side, makerFeePpm, takerFeePpm } = order;
  const { quantityLots, boundTicks, leavesLots } = order;
  const sideBit = side === "BUY" ? 0 : 1;
  const head: OrderHead = [
    orderId,
    handle,
    account,
    symbol.index,
    sideBit,
    makerFeePpm,
    takerFeePpm,
    quantityLots,
    boundTicks,
    leavesLots,
  ];
  const isUntouched = order.filledLots === 0 && order.cancelledLots === 0 && !order.triggered;
  return isUntouched ? head : [...head, tradesOf(order)];
}

function tradesOf(order: OrderRecord): OrderTrades {
  return [
    order.filledLots,
    order.cancelledLots,
    order.makerTickLots,
    order.takerTickLots,
    order.feeUnits.toString(),
    order.transferredLots,
    order.transferredTickLots,
    order.triggered ? 1 : 0,
  ];
}

const UNTRADED: NonNullable<OrderRow[10]> = [0, 0, 0, 0, "0", 0, 0, 0];

function orderOf(row: OrderRow, symbols: SymbolTable, accounts: NameTable): OrderRecord {
  const [orderId, handle, account, symbol, side, makerFeePpm, takerFeePpm] = row;
  const [, , , , , , , quantityLots, boundTicks, leavesLots, traded = UNTRADED] = row;
  const [filledLots, cancelledLots, makerTickLots, takerTickLots, feeUnits, ...rest] = traded;
  const [transferredLots, transferredTickLots, triggered] = rest;
  return {
    handle,
    orderId,
    accountId: accounts.name(account),
    account,
    symbol: symbols.at(symbol),
    side: side === 0 ? "BUY" : "SELL",
    makerFeePpm,
    takerFeePpm,
    quantityLots,
    boundTicks,
    leavesLots,
    filledLots,
    cancelledLots,
    makerTickLots,
    takerTickLots,
    feeUnits: BigInt(feeUnits),
    transferredLots,
    transferredTickLots,
    triggered: triggered === 1,
  };
}
