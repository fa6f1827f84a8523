/** Which leg of a trade a row is: a report is one client's side; the platform's own trades have two. */
export const LEG = { report: 0, buyer: 1, seller: 2 } as const;

/** What a row's `accepted` is: 0 is refused. A wrong key is told only of what was not seen before. */
export const ACCEPTED = 1;
export const WRONG_KEY = 2;

/**
 * The trades of a batch, a column for each field, so that a hundred thousand of them a second are no objects. Texts stay
 * where they came from: `start` and `end` in the bytes of the row's source. A row that is not `accepted` was refused.
 */
export class TradeColumns {
  count = 0;
  #capacity = 0;
  /** Where the row's texts are. */
  sources: Uint8Array[] = [];
  /** The range of the batch, and the record in its chunk. */
  ranges = new Int32Array(0);
  records = new Int32Array(0);
  legs = new Uint8Array(0);
  accepted = new Uint8Array(0);
  tradeStart = new Int32Array(0);
  tradeEnd = new Int32Array(0);
  /** -1: there is none. */
  orderStart = new Int32Array(0);
  orderEnd = new Int32Array(0);
  clientStart = new Int32Array(0);
  clientEnd = new Int32Array(0);
  symbols = new Int32Array(0);
  /** 1 buys, -1 sells. */
  sides = new Int8Array(0);
  quantityLots = new Float64Array(0);
  priceTicks = new Float64Array(0);
  feeUnits = new Float64Array(0);
  notionalUnits = new Float64Array(0);
  timesMs = new Float64Array(0);
  /** Index of the client in the book. */
  clients = new Int32Array(0);
  /** What the trade realised, net of its fee; NaN: it is no safe integer, and in `largeRealised`. */
  realised = new Float64Array(0);
  readonly largeRealised = new Map<number, bigint>();

  setLargeRealised(row: number, realised: bigint): void {
    this.realised[row] = Number.NaN;
    this.largeRealised.set(row, realised);
  }

  /** Begins a batch of up to about so many rows. */
  reset(rows: number): void {
    this.count = 0;
    this.sources = [];
    this.largeRealised.clear();
    this.ensure(rows);
  }

  ensure(rows: number): void {
    if (rows <= this.#capacity) return;
    const capacity = Math.max(rows, 2 * this.#capacity);
    this.#capacity = capacity;
    this.ranges = grown(this.ranges, new Int32Array(capacity));
    this.records = grown(this.records, new Int32Array(capacity));
    this.legs = grown(this.legs, new Uint8Array(capacity));
    this.accepted = grown(this.accepted, new Uint8Array(capacity));
    this.tradeStart = grown(this.tradeStart, new Int32Array(capacity));
    this.tradeEnd = grown(this.tradeEnd, new Int32Array(capacity));
    this.orderStart = grown(this.orderStart, new Int32Array(capacity));
    this.orderEnd = grown(this.orderEnd, new Int32Array(capacity));
    this.clientStart = grown(this.clientStart, new Int32Array(capacity));
    this.clientEnd = grown(this.clientEnd, new Int32Array(capacity));
    this.symbols = grown(this.symbols, new Int32Array(capacity));
    this.sides = grown(this.sides, new Int8Array(capacity));
    this.quantityLots = grown(this.quantityLots, new Float64Array(capacity));
    this.priceTicks = grown(this.priceTicks, new Float64Array(capacity));
    this.feeUnits = grown(this.feeUnits, new Float64Array(capacity));
    this.notionalUnits = grown(this.notionalUnits, new Float64Array(capacity));
    this.timesMs = grown(this.timesMs, new Float64Array(capacity));
    this.clients = grown(this.clients, new Int32Array(capacity));
    this.realised = grown(this.realised, new Float64Array(capacity));
  }
}

/**
 * The accepted rows, those of a client together, in the order of the log: a database finds the places of neighbours in
 * its indexes a third faster.
 */
export function rowsByClient({ count, accepted, clients }: TradeColumns, clientCount: number): Int32Array {
  const starts = new Int32Array(clientCount + 1);
  for (let row = 0; row < count; row++)
    if (accepted[row] !== 0) {
      const next = (clients[row] ?? 0) + 1;
      starts[next] = (starts[next] ?? 0) + 1;
    }
  for (let client = 1; client <= clientCount; client++)
    starts[client] = (starts[client] ?? 0) + (starts[client - 1] ?? 0);
  const rows = new Int32Array(starts[clientCount] ?? 0);
  for (let row = 0; row < count; row++) {
    if (accepted[row] === 0) continue;
    const client = clients[row] ?? 0;
    const place = starts[client] ?? 0;
    rows[place] = row;
    starts[client] = place + 1;
  }
  return rows;
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
