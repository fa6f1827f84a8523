import { ORDER_TYPE, type PlaceOrder, SIDE, TIME_IN_FORCE } from "../commands.ts";
import { createEngine } from "../create-engine.ts";
import type { Engine } from "../engine.ts";
import type { EngineMaker } from "./compare-engines.ts";
import { applyCommand, type EngineCommand } from "./engine-command.ts";
import { type RecordedEvent, recordingSink } from "./recording-sink.ts";

/** A command before it has a request and a time. */
export type Draft = EngineCommand extends infer C
  ? C extends EngineCommand
    ? Omit<C, "request" | "atMs"> & { readonly request?: number; readonly atMs?: number }
    : never
  : never;

/** Symbol 0 of a scenario. */
export const SCENARIO_LISTING = { symbol: 0, maxPriceTicks: 10_000, maxQuantityLots: 1_000 };

/** The given commands are requests 2, 3, ... after the listing; the events are those of the last one, as sentences. */
export function outcome(
  given: readonly Draft[],
  when: Draft,
  maker: Pick<EngineMaker, "create"> = { create: createEngine },
): string[] {
  const sink = recordingSink();
  const engine = maker.create({ sink, maxOrders: 8, maxAccounts: 100 });
  engine.listSymbol({ request: 1, atMs: 0, ...SCENARIO_LISTING });
  run(engine, given, 2);
  sink.take();
  run(engine, [when], 2 + given.length);
  return sink.take().map(sentence);
}

/** The events of each command, as sentences. Commands are requests 2, 3, ... after the listing. */
export function narrate(
  drafts: readonly Draft[],
  maker: Pick<EngineMaker, "create"> = { create: createEngine },
): string[][] {
  const sink = recordingSink();
  const engine = maker.create({ sink, maxOrders: 100, maxAccounts: 100 });
  engine.listSymbol({ request: 1, atMs: 0, ...SCENARIO_LISTING });
  sink.take();
  return drafts.map((draft, index) => {
    run(engine, [draft], index + 2);
    return sink.take().map(sentence);
  });
}

function run(engine: Engine, drafts: readonly Draft[], firstRequest: number): void {
  for (const [index, draft] of drafts.entries()) {
    applyCommand(engine, { request: firstRequest + index, atMs: 0, ...draft } as EngineCommand);
    engine.work(Number.POSITIVE_INFINITY);
  }
}

type PlaceFields = Partial<PlaceOrder>;

export function buy(quantityLots: number, priceTicks: number, more: PlaceFields = {}): Draft {
  return order(SIDE.BUY, quantityLots, priceTicks, more);
}

export function sell(quantityLots: number, priceTicks: number, more: PlaceFields = {}): Draft {
  return order(SIDE.SELL, quantityLots, priceTicks, more);
}

export function marketBuy(quantityLots: number, worstPriceTicks: number, more: PlaceFields = {}): Draft {
  return order(SIDE.BUY, quantityLots, 0, { type: ORDER_TYPE.MARKET, worstPriceTicks, ...more });
}

export function marketSell(quantityLots: number, worstPriceTicks: number, more: PlaceFields = {}): Draft {
  return order(SIDE.SELL, quantityLots, 0, { type: ORDER_TYPE.MARKET, worstPriceTicks, ...more });
}

/** An order of account 1, limit and good till cancelled, where `more` says nothing else. */
export function order(side: number, quantityLots: number, priceTicks: number, more: PlaceFields): Draft {
  return {
    kind: "place",
    symbol: 0,
    account: 1,
    side,
    type: ORDER_TYPE.LIMIT,
    timeInForce: TIME_IN_FORCE.GTC,
    postOnly: false,
    priceTicks,
    quantityLots,
    worstPriceTicks: 0,
    expireAtMs: 0,
    ...more,
  };
}

export function amend(
  handle: number,
  change: { readonly quantityLots?: number; readonly priceTicks?: number },
): Draft {
  return { kind: "amend", handle, priceTicks: 0, quantityLots: 0, ...change };
}

export function cancel(handle: number): Draft {
  return { kind: "cancel", handle };
}

/** An event without its sequence, in words. */
function sentence([name, ...values]: RecordedEvent): string {
  const [first, a, b, c, d, e, f, g, h] = values;
  switch (name) {
    case "accepted":
      return `${a} accepted`;
    case "rejected":
      return `${a} rejected: ${c}`;
    case "trade":
      return `trade ${b}: ${d} takes ${f} at ${e} from ${c}, leaves ${h} and ${g}`;
    case "replaced":
      return `${a} replaced ${b}: ${d} at ${c}, leaves ${e}`;
    case "cancelled":
      return `${b} cancelled ${d}: ${c}`;
    case "expired":
      return `${a} expired ${b}`;
    case "completed":
      return `${a} completed: ${b} orders`;
    case "levelChanged":
      return `${b === SIDE.BUY ? "bids" : "asks"} at ${c}: ${d} in ${e}`;
    case "lessened":
      return `${first} lessened by ${a}, leaves ${b}`;
    case "triggered":
      return `${a} triggered by ${b}, leaves ${c}`;
    case "repriced":
      return `${a} repriced to ${b}`;
    case "prevented":
      return `prevented by ${d}: ${c} and ${b}, ${f} at ${e}, leaves ${h} and ${g}`;
    case "bookStatus":
      return c === 0 ? `status ${b}` : `status ${b} until ${c}`;
    case "orderAdded":
      return `${c === SIDE.BUY ? "bid" : "ask"} ${b}: ${e} at ${d}`;
    case "orderReduced":
      return `${b}: ${c} shown`;
  }
}
