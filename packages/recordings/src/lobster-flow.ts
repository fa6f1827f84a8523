import { present } from "@bourse/base";
import type { BookLevel, LobsterBook, LobsterMessage } from "./lobster.ts";
import type { RecordedCommand, Touch } from "./recorded-command.ts";

/**
 * Turns a LOBSTER message + orderbook pair into commands for a matching engine.
 *
 * A level-N recording lacks the messages outside its N levels, so after each step the engine's book is brought to the
 * recorded one: levels that left the window are deleted, volume that entered it is seeded as `P<n>` orders. The first row
 * is seeded whole. Executions with the same time against the same side are one aggressor, priced at its last fill.
 */
export async function* lobsterFlow(
  rows: AsyncIterable<[LobsterMessage, LobsterBook]>,
): AsyncGenerator<RecordedCommand> {
  const flow = new Flow();
  let row = 0;
  let prints: Step[] = [];
  for await (const [message, book] of rows) {
    const step: Step = { message, book, row };
    const previous = prints.at(-1);
    if (previous !== undefined && !continues(previous.message, message)) {
      yield* flow.prints(prints);
      prints = [];
    }
    if (row === 0) yield* flow.seed(step);
    else if (message.type === 4 || message.type === 5) prints.push(step);
    else yield* flow.step(step);
    row++;
  }
  yield* flow.prints(prints);
}

interface Step {
  readonly message: LobsterMessage;
  readonly book: LobsterBook;
  readonly row: number;
}

/** Whether a print belongs to the aggressor of the one before it. */
function continues(previous: LobsterMessage, message: LobsterMessage): boolean {
  return (
    (message.type === 4 || message.type === 5) &&
    message.time === previous.time &&
    message.side === previous.side
  );
}

interface RestingOrder {
  readonly id: string;
  readonly side: "BUY" | "SELL";
  readonly price: number;
  quantity: number;
}

type Draft = Omit<RecordedCommand, "touch">;

function isUnknown(order: RestingOrder): boolean {
  return order.id.startsWith("P");
}

/** An immediate-or-cancel order in the making. */
class Aggressor {
  readonly hidden: Draft[] = [];
  readonly fills: { makerId: string; price: number; quantity: number }[] = [];
  #side: "BUY" | "SELL" = "BUY";
  #quantity = 0;

  take(makerId: string, { side, price, shares }: LobsterMessage): void {
    this.#side = side === "BUY" ? "SELL" : "BUY";
    this.#quantity += shares;
    const previous = this.fills.at(-1);
    if (previous?.makerId === makerId) previous.quantity += shares;
    else this.fills.push({ makerId, price, quantity: shares });
  }

  drafts(last: Step): Draft[] {
    const price = present(this.fills.at(-1), "the last fill").price;
    const order: Draft = {
      kind: "aggress",
      id: "",
      side: this.#side,
      price,
      quantity: this.#quantity,
      row: last.row,
      fills: this.fills,
    };
    return [...this.hidden, order];
  }
}

/** The book as an engine that obeys the commands has it. */
class Flow {
  readonly #orders = new Map<string, RestingOrder>();
  readonly #levels = { BUY: new Map<number, RestingOrder[]>(), SELL: new Map<number, RestingOrder[]>() };
  #seeded = 0;

  seed(step: Step): RecordedCommand[] {
    return this.#finish([], step);
  }

  step(step: Step): RecordedCommand[] {
    const { message, row } = step;
    if (message.type === 1) {
      return this.#finish(
        [this.#add(message.orderId, message.side, message.price, message.shares, row)],
        step,
      );
    }
    return this.#finish(message.type === 2 || message.type === 3 ? this.#take(message, row) : [], step);
  }

  /**
   * Prints of one time and side: one aggressor, with the hidden volume it met told first. It ends early where the
   * recorded window ends, and where the venue took an order that is not the first of its level as far as the recording
   * tells (hidden or reduced volume stood behind it): that one is told as a reduction.
   */
  *prints(steps: readonly Step[]): Generator<RecordedCommand> {
    let open = new Aggressor();
    let last: Step | undefined;
    for (const step of steps) {
      if (step.message.type === 5) {
        if (open.fills.length === 0) yield* this.#finish([hidden(step)], step);
        else open.hidden.push(hidden(step));
      } else {
        if (last !== undefined && open.fills.length > 0 && !this.#isFirst(step.message)) {
          yield* this.#finish(open.drafts(last), last);
          open = new Aggressor();
        }
        if (this.#isFirst(step.message)) this.#fill(open, step.message);
        else yield* this.#finish(this.#take({ ...step.message, type: 2 }, step.row), step);
      }
      last = step;
    }
    if (last !== undefined && open.fills.length > 0) yield* this.#finish(open.drafts(last), last);
  }

  #isFirst(execution: LobsterMessage): boolean {
    const first = this.#levels[execution.side].get(execution.price)?.[0];
    if (first === undefined || first.quantity < execution.shares) return false;
    return this.#orders.has(execution.orderId) ? first.id === execution.orderId : isUnknown(first);
  }

  #fill(open: Aggressor, execution: LobsterMessage): void {
    const maker = present(
      this.#levels[execution.side].get(execution.price)?.[0],
      "the first order of the level",
    );
    open.take(maker.id, execution);
    this.#shrink(maker, execution.shares);
  }

  #unknownVolume(side: "BUY" | "SELL", price: number): RestingOrder | undefined {
    return this.#levels[side].get(price)?.find(isUnknown);
  }

  #take(message: LobsterMessage, row: number): Draft[] {
    const known = this.#orders.get(message.orderId);
    const order = known ?? this.#unknownVolume(message.side, message.price);
    if (order === undefined) return [];
    const none = { side: null, price: 0, row, fills: [] };
    if (known !== undefined && message.type === 3) {
      this.#shrink(order, order.quantity);
      return [{ kind: "delete", id: order.id, quantity: 0, ...none }];
    }
    this.#shrink(order, message.shares);
    return [{ kind: "reduce", id: order.id, quantity: message.shares, ...none }];
  }

  #add(id: string, side: "BUY" | "SELL", price: number, quantity: number, row: number): Draft {
    const order: RestingOrder = { id, side, price, quantity };
    this.#orders.set(id, order);
    const level = this.#levels[side].get(price);
    if (level === undefined) this.#levels[side].set(price, [order]);
    else level.push(order);
    return { kind: "limit", id, side, price, quantity, row, fills: [] };
  }

  #shrink(order: RestingOrder, by: number): void {
    order.quantity -= by;
    if (order.quantity > 0) return;
    this.#orders.delete(order.id);
    const level = present(this.#levels[order.side].get(order.price), "the level of a resting order");
    level.splice(level.indexOf(order), 1);
    if (level.length === 0) this.#levels[order.side].delete(order.price);
  }

  /** Brings the book to the recorded one and marks the last command of the step with its touch. */
  #finish(drafts: Draft[], { book, row }: Step): RecordedCommand[] {
    drafts.push(...this.#leave("SELL", book.asks, row), ...this.#leave("BUY", book.bids, row));
    drafts.push(...this.#enter("SELL", book.asks, row), ...this.#enter("BUY", book.bids, row));
    const touch: Touch = { bid: book.bids[0] ?? null, ask: book.asks[0] ?? null };
    return drafts.map((draft, index) => ({ ...draft, touch: index === drafts.length - 1 ? touch : null }));
  }

  #leave(side: "BUY" | "SELL", window: readonly BookLevel[], row: number): Draft[] {
    const prices = new Set(window.map((level) => level.price));
    const drafts: Draft[] = [];
    for (const [price, orders] of this.#levels[side]) {
      if (prices.has(price)) continue;
      for (const order of [...orders]) {
        this.#shrink(order, order.quantity);
        drafts.push({ kind: "delete", id: order.id, side: null, price: 0, quantity: 0, row, fills: [] });
      }
    }
    return drafts;
  }

  #enter(side: "BUY" | "SELL", window: readonly BookLevel[], row: number): Draft[] {
    const drafts: Draft[] = [];
    for (const level of window) {
      let quantity = 0;
      for (const order of this.#levels[side].get(level.price) ?? []) quantity += order.quantity;
      const missing = level.quantity - quantity;
      if (missing > 0) drafts.push(this.#add(`P${++this.#seeded}`, side, level.price, missing, row));
    }
    return drafts;
  }
}

/** A print against hidden volume has the resting order's side, as the recording writes it. */
function hidden({ message, row }: Step): Draft {
  return {
    kind: "hidden",
    id: "",
    side: message.side,
    price: message.price,
    quantity: message.shares,
    row,
    fills: [],
  };
}
