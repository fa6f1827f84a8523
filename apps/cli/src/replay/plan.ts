import { formatDecimal } from "@bourse/base";
import { type RecordedCommand, type RecordedFill, RecordingError } from "@bourse/recordings";
import { accountFor } from "./accounts.ts";
import type { OrderItem, PrintItem } from "./order-items.ts";

/** Recorded prices are in 1/10000 of a dollar. */
export const PRICE_SCALE = 4;

/** What makes a run: the same terms and the same file give the same requests. */
export interface RunTerms {
  /** Begins every client order id and account id of the run. */
  readonly run: string;
  readonly symbol: string;
  /** Buyers, and as many sellers. */
  readonly accounts: number;
}

/** One recorded command as a request to the platform. */
export type Planned =
  | { readonly kind: "order"; readonly item: OrderItem; readonly expected: ExpectedTaker | null }
  | { readonly kind: "print"; readonly print: PrintItem }
  /** It is about an order of which nothing is open: a book has nothing to do. */
  | { readonly kind: "skipped" };

/** What the venue filled for one aggressor; makers by their client order ids in the run. */
export interface ExpectedTaker {
  readonly clientOrderId: string;
  /** The recording's row: how people find it. */
  readonly row: number;
  readonly fills: readonly ExpectedFill[];
}

export interface ExpectedFill {
  readonly makerClientOrderId: string;
  readonly price: string;
  readonly quantity: string;
}

export const RUN_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$/;
const CLIENT_ORDER_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/;

interface OpenOrder {
  readonly clientOrderId: string;
  readonly accountId: string;
  /** What an amendment names: the quantity it was placed with, less what was taken off it. */
  total: number;
  open: number;
}

/**
 * Turns recorded commands into requests, one at a time and in order. It follows the recorded fills, so that it knows
 * what is open of each order without asking the platform: the plan of a file depends on the file alone.
 */
export class ReplayPlan {
  readonly #terms: RunTerms;
  readonly #open = new Map<string, OpenOrder>();
  /** How often a client order id was asked for: a recording may use an id again. */
  readonly #uses = new Map<string, number>();
  #index = 0;

  constructor(terms: RunTerms) {
    this.#terms = terms;
  }

  next(command: RecordedCommand): Planned {
    this.#index++;
    switch (command.kind) {
      case "limit":
        return this.#limit(command);
      case "aggress":
        return this.#aggress(command);
      case "reduce":
        return this.#reduce(command);
      case "delete":
        return this.#cancel(command);
      case "hidden":
        return this.#print(command);
    }
  }

  #limit(command: RecordedCommand): Planned {
    const order = this.#place(command, command.id, "GTC");
    const expected = command.fills.length === 0 ? null : this.#expect(command, order.item.clientOrderId);
    const open = command.quantity - sum(command.fills);
    const { clientOrderId, accountId } = order.item;
    if (open > 0) this.#open.set(command.id, { clientOrderId, accountId, total: command.quantity, open });
    return { ...order, expected };
  }

  #aggress(command: RecordedCommand): Planned {
    const order = this.#place(command, `r${command.row}`, "IOC");
    return { ...order, expected: this.#expect(command, order.item.clientOrderId) };
  }

  /** Less of an order; where nothing would be left of it, a cancel. */
  #reduce(command: RecordedCommand): Planned {
    const order = this.#open.get(command.id);
    if (order === undefined) return { kind: "skipped" };
    if (command.quantity >= order.open) return this.#cancel(command);
    order.total -= command.quantity;
    order.open -= command.quantity;
    const { clientOrderId, accountId, total } = order;
    const item = {
      action: "AMEND",
      accountId,
      clientOrderId,
      idempotencyKey: this.#key(),
      quantity: String(total),
    } as const;
    return { kind: "order", item, expected: null };
  }

  #cancel(command: RecordedCommand): Planned {
    const order = this.#open.get(command.id);
    if (order === undefined) return { kind: "skipped" };
    this.#open.delete(command.id);
    const { clientOrderId, accountId } = order;
    const item = { action: "CANCEL", accountId, clientOrderId, idempotencyKey: this.#key() } as const;
    return { kind: "order", item, expected: null };
  }

  /** The recording tells the side of the hidden order; who hit it was on the other one. */
  #print(command: RecordedCommand): Planned {
    const { side, price, quantity } = command;
    const print = {
      printId: `${this.#terms.run}-h${this.#index}`,
      price: priceText(price),
      quantity: String(quantity),
      ...(side === null ? {} : { aggressorSide: side === "BUY" ? ("SELL" as const) : ("BUY" as const) }),
    };
    return { kind: "print", print };
  }

  #place(command: RecordedCommand, id: string, timeInForce: "GTC" | "IOC") {
    const { side, price, quantity, row } = command;
    if (side === null) throw new RecordingError(row, `order ${id} has no side; allowed are B, S`);
    if (quantity <= 0)
      throw new RecordingError(row, `qty of order ${id} is ${quantity}; allowed is a positive number`);
    if (price <= 0)
      throw new RecordingError(row, `price of order ${id} is ${price}; allowed is a positive number`);
    const { run, symbol, accounts } = this.#terms;
    const item = {
      action: "PLACE",
      accountId: accountFor({ run, accounts }, side, id),
      symbol,
      side,
      orderType: "LIMIT",
      timeInForce,
      quantity: String(quantity),
      price: priceText(price),
      clientOrderId: this.#clientOrderId(id, row),
    } as const;
    return { kind: "order" as const, item };
  }

  #clientOrderId(id: string, row: number): string {
    const base = `${this.#terms.run}-${id}`;
    const uses = (this.#uses.get(base) ?? 0) + 1;
    this.#uses.set(base, uses);
    const clientOrderId = uses === 1 ? base : `${base}.${uses}`;
    if (!CLIENT_ORDER_ID_PATTERN.test(clientOrderId))
      throw new RecordingError(
        row,
        `id is "${id.slice(0, 64)}"; allowed are up to 40 letters, digits and . _ : / -`,
      );
    return clientOrderId;
  }

  #expect(command: RecordedCommand, clientOrderId: string): ExpectedTaker {
    const fills = command.fills.map((fill) => {
      const maker = this.#open.get(fill.makerId);
      if (maker !== undefined) this.#fill(fill, maker);
      return {
        makerClientOrderId: maker?.clientOrderId ?? `${this.#terms.run}-${fill.makerId}`,
        price: priceText(fill.price),
        quantity: String(fill.quantity),
      };
    });
    return { clientOrderId, row: command.row, fills };
  }

  #fill(fill: RecordedFill, maker: OpenOrder): void {
    maker.open -= fill.quantity;
    if (maker.open <= 0) this.#open.delete(fill.makerId);
  }

  /** Sent again after a lost answer, a command with this key happens once. */
  #key(): string {
    return `${this.#terms.run}-c${this.#index}`;
  }
}

/** 1/10000 dollars as a decimal: 2239500 is "223.95". */
export function priceText(price: number): string {
  return formatDecimal(BigInt(price), PRICE_SCALE);
}

function sum(fills: readonly RecordedFill[]): number {
  return fills.reduce((total, { quantity }) => total + quantity, 0);
}
