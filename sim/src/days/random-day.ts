import fc from "fast-check";
import {
  ACCOUNTS,
  type Amend,
  type BatchItem,
  type Cancel,
  type Day,
  type NewOrder,
  type Side,
  type Step,
  SYMBOLS,
} from "./day.ts";

const MOST_STEPS = 120;

const account = fc.constantFrom(...ACCOUNTS);
const symbol = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...SYMBOLS.slice(0, 2)) },
  { weight: 1, arbitrary: fc.constantFrom(...SYMBOLS) },
);
const side = fc.constantFrom<Side>("BUY", "SELL");
/** Few, so that orders meet. */
const priceStep = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -4, max: 4 }) },
  { weight: 1, arbitrary: fc.integer({ min: -200, max: 200 }) },
);
const lots = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: 1, max: 12 }).map((hundreds) => hundreds * 100) },
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 999 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 1_000_001 }) },
);
const nth = fc.oneof(fc.nat({ max: 2 }), fc.nat({ max: 11 }));
const session = fc.constantFrom("desk", "robot");
/** Once in so many times. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>, times = 3): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const sometimes = maybe(fc.constant(true), 5);
const prevention = fc.constantFrom(
  "NONE",
  "EXPIRE_TAKER",
  "EXPIRE_MAKER",
  "EXPIRE_BOTH",
  "DECREMENT",
  "TRANSFER",
);

const common = { account, symbol, side, lots, ahead: maybe(fc.integer({ min: 1, max: 2 }), 30) };
const links = {
  group: maybe(nth, 8),
  parent: maybe(fc.nat({ max: 3 }), 8),
  replaces: maybe(nth, 15),
};
const commonTerms = {
  reduceOnly: maybe(fc.constant(true), 15),
  selfTradePrevention: maybe(prevention),
  sessionId: maybe(session, 6),
  remark: maybe(fc.constantFrom("hedge", "für Ada 🎈"), 10),
};
const resting = fc.constantFrom(undefined, undefined, undefined, "GTC", "DAY", "GTD");
const expiresInMs = fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 3_000, max: 60_000 }));

const plain = fc.record({
  ...common,
  orderType: fc.constant("LIMIT"),
  price: priceStep,
});
/** A limit order with one thing special, so that most are taken. */
const limit = fc.oneof(
  special({ timeInForce: fc.constantFrom("GTC", "DAY", "GTD", "IOC", "FOK"), expiresInMs }, {}),
  special({}, { postOnly: fc.constant(true), slide: sometimes }),
  special({ timeInForce: resting, expiresInMs }, { hidden: fc.constant(true) }),
  special(
    { minimumLots: fc.integer({ min: 1, max: 300 }), timeInForce: fc.constantFrom(undefined, "IOC") },
    {},
  ),
  special({ group: nth }, {}),
  special({ parent: fc.nat({ max: 3 }) }, {}),
  special({ replaces: nth }, {}),
  special({}, { awaits: fc.integer({ min: 1, max: 2 }) }),
  special({}, { reduceOnly: fc.constant(true) }),
);
/** Everything at once: most are refused, and must be so well. */
const wild = special(
  {
    ...links,
    timeInForce: fc.constantFrom("GTC", "IOC", "FOK", "GTD"),
    expiresInMs,
    minimumLots: maybe(lots),
  },
  { postOnly: sometimes, slide: sometimes, hidden: sometimes, awaits: maybe(fc.constant(1)) },
);

function special(fields: Record<string, fc.Arbitrary<unknown>>, more: Record<string, fc.Arbitrary<unknown>>) {
  return fc.record({
    ...common,
    orderType: fc.constant("LIMIT"),
    price: priceStep,
    ...fields,
    more: fc.record({ ...commonTerms, ...more }),
  });
}
const market = fc.record({
  ...common,
  ...links,
  orderType: fc.constant("MARKET"),
  timeInForce: fc.constantFrom(undefined, "IOC", "FOK"),
  minimumLots: maybe(fc.integer({ min: 1, max: 300 }), 8),
  more: fc.record({ ...commonTerms, awaits: maybe(fc.constant(1), 8) }),
});
const stop = fc.record({
  ...common,
  ...links,
  stopPrice: priceStep,
  timeInForce: fc.oneof(
    { weight: 4, arbitrary: resting },
    { weight: 1, arbitrary: fc.constantFrom("IOC", "FOK") },
  ),
  expiresInMs,
  minimumLots: maybe(fc.integer({ min: 1, max: 300 }), 8),
  more: fc.record({
    ...commonTerms,
    ifTouched: sometimes,
    triggerBy: maybe(fc.constantFrom("LAST", "BEST")),
    awaits: maybe(fc.constant(1), 8),
  }),
});
const stopLoss = stop.map((each) => ({ ...each, orderType: "STOP_LOSS" }));
const stopLimit = fc.tuple(stop, priceStep, maybe(fc.constant(true), 5)).map(([each, price, hidden]) => ({
  ...each,
  orderType: "STOP_LIMIT",
  price,
  more: { ...each.more, hidden },
}));
const trailing = fc.record({
  ...common,
  ...links,
  orderType: fc.constant("TRAILING_STOP"),
  stopPrice: maybe(priceStep),
  trailing: fc.constantFrom("step", "0.01%", "1%", "0"),
  timeInForce: resting,
  expiresInMs,
  more: fc.record({
    ...commonTerms,
    ifTouched: sometimes,
    triggerBy: maybe(fc.constantFrom("LAST", "BEST")),
  }),
});
const iceberg = fc.record({
  ...common,
  ...links,
  orderType: fc.constant("ICEBERG"),
  price: priceStep,
  displayLots: fc.integer({ min: 1, max: 100 }),
  minimumLots: maybe(fc.integer({ min: 1, max: 300 }), 8),
  timeInForce: resting,
  expiresInMs,
  more: fc.record({
    ...commonTerms,
    postOnly: maybe(fc.constant(true), 8),
    slide: sometimes,
    awaits: maybe(fc.constant(1), 8),
  }),
});
const pegged = fc.record({
  ...common,
  group: links.group,
  replaces: links.replaces,
  orderType: fc.constant("PEGGED"),
  price: maybe(priceStep, 2),
  timeInForce: resting,
  expiresInMs,
  more: fc.record({ ...commonTerms, pegTo: fc.constantFrom("BEST", "MID"), hidden: sometimes }),
});

const order: fc.Arbitrary<NewOrder> = fc
  .oneof(
    { weight: 10, arbitrary: plain },
    { weight: 8, arbitrary: limit },
    { weight: 1, arbitrary: wild },
    { weight: 3, arbitrary: market },
    { weight: 2, arbitrary: stopLoss },
    { weight: 2, arbitrary: stopLimit },
    { weight: 1, arbitrary: trailing },
    { weight: 2, arbitrary: iceberg },
    { weight: 2, arbitrary: pegged },
  )
  .map(withoutAbsent) as fc.Arbitrary<NewOrder>;

const amend: fc.Arbitrary<Amend> = fc
  .record({ nth, lots: maybe(lots, 2), price: maybe(priceStep, 2) })
  .map(withoutAbsent) as fc.Arbitrary<Amend>;
const cancel: fc.Arbitrary<Cancel> = fc
  .record({ nth, byName: fc.boolean(), ahead: maybe(fc.integer({ min: 1, max: 2 }), 15) })
  .map(withoutAbsent) as fc.Arbitrary<Cancel>;

const item: fc.Arbitrary<BatchItem> = fc.oneof(
  { weight: 4, arbitrary: order.map((each) => ({ action: "PLACE" as const, order: each })) },
  { weight: 2, arbitrary: amend.map((each) => ({ action: "AMEND" as const, ...each })) },
  { weight: 2, arbitrary: cancel.map((each) => ({ action: "CANCEL" as const, ...each })) },
);

const amount = fc.oneof(
  fc.constantFrom("0.00000001", "0.000001", "1", "250.5"),
  fc.integer({ min: 1, max: 400_000 }).map(String),
);
const setting = fc.oneof(
  fc.constant({}),
  fc.record({ maxOpenOrders: fc.integer({ min: 0, max: 8 }) }),
  fc.record({ maxOpenNotional: fc.integer({ min: 0, max: 200_000 }).map(String) }),
  fc.record({ maxOrderNotional: fc.integer({ min: 0, max: 90_000 }).map(String) }),
  fc.record({ ordersPerSecond: fc.integer({ min: 1, max: 5 }), orderBurst: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ collarPpm: 1_000 }),
  fc.constant({ collarPpm: null }),
  fc.record({
    maxOpenOrders: fc.integer({ min: 2, max: 8 }),
    maxOpenNotional: fc.integer({ min: 1_000, max: 400_000 }).map(String),
    maxOrderQuantity: fc.constantFrom("0.03", "1", "25.5"),
  }),
);
const change = fc.oneof(
  fc.record({
    makerFeePpm: fc.integer({ min: -100, max: 400 }),
    takerFeePpm: fc.integer({ min: 100, max: 1_000 }),
  }),
  fc.constantFrom<object>({ status: "HALTED" }, { status: "TRADING" }, { collarPpm: 50_000 }),
  // Some are refused: of a symbol that trades elsewhere, or that has had greater limits.
  fc.constantFrom<object>(
    { maxPrice: "64100" },
    { maxPrice: "0.0502" },
    { maxPrice: "3201.75" },
    { maxPrice: "90000" },
    { minQuantity: "0.03" },
    { maxQuantity: "0.06" },
    { maxQuantity: "90" },
    { referencePrice: "3300" },
    { makerFeePpm: 300, takerFeePpm: -200 },
    { makerFeePpm: -1_000_000, takerFeePpm: 1_000_000 },
  ),
);

/** A step and how often it comes. What is undefined of it is left out. */
function often(weight: number, arbitrary: fc.Arbitrary<object>): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: arbitrary.map((each) => withoutAbsent(each) as Step) };
}
const kind = <K extends string>(word: K): fc.Arbitrary<K> => fc.constant(word);
const beside = maybe(fc.constant(true), 2);

export const randomStep: fc.Arbitrary<Step> = fc.oneof(
  often(110, fc.record({ kind: kind("order"), order, beside })),
  often(
    8,
    fc.record({
      kind: kind("batch"),
      items: fc.array(item, { minLength: 1, maxLength: 8 }),
      stop: fc.boolean(),
      beside,
    }),
  ),
  often(24, fc.record({ kind: kind("amend"), amend, beside })),
  often(12, fc.record({ kind: kind("cancel"), cancel, beside })),
  often(
    2,
    fc.record({ kind: kind("cancel-many"), account, symbol: maybe(symbol, 2), side: maybe(side, 2), beside }),
  ),
  often(1, fc.record({ kind: kind("cancel-symbol"), symbol, side: maybe(side, 2), beside })),
  often(
    7,
    fc.record({
      kind: kind("fund"),
      account,
      asset: fc.constantFrom("USD", "BTC", "ETH"),
      amount,
      out: fc.boolean(),
      beside,
    }),
  ),
  often(
    1,
    fc.record({
      kind: kind("market"),
      symbol,
      word: fc.constantFrom("halt" as const, "cancel-only" as const, "resume" as const),
      beside,
    }),
  ),
  often(3, fc.record({ kind: kind("market"), symbol, word: kind("resume"), beside })),
  often(
    1,
    fc.record({
      kind: kind("bands"),
      symbol,
      below: fc.integer({ min: -5, max: 2 }),
      above: fc.integer({ min: -2, max: 5 }),
      limitStateMs: fc.constantFrom(1, 2_000, 60_000),
      beside,
    }),
  ),
  often(1, fc.record({ kind: kind("no-bands"), symbol, beside })),
  often(1, fc.record({ kind: kind("group"), account, group: fc.constantFrom("desk", null), beside })),
  often(
    2,
    fc.record({
      kind: kind("limits"),
      account: fc.option(account),
      symbol: fc.option(symbol),
      setting,
      beside,
    }),
  ),
  often(4, fc.record({ kind: kind("list"), beside })),
  often(3, fc.record({ kind: kind("instrument"), symbol: fc.constantFrom(...SYMBOLS), change, beside })),
  often(2, fc.record({ kind: kind("restart"), beside })),
  often(2, fc.record({ kind: kind("clock"), skewMs: fc.constantFrom(-20_000, -1_000, 0, 1_000, 20_000) })),
  often(
    1,
    fc.record({
      kind: kind("account-status"),
      account,
      status: fc.constantFrom("OPEN" as const, "OPEN" as const, "BLOCKED" as const),
      beside,
    }),
  ),
  often(1, fc.record({ kind: kind("stop-account"), account, beside })),
  often(2, fc.record({ kind: kind("release-account"), account, beside })),
  often(
    1,
    fc.record({
      kind: kind("keep-session"),
      account,
      session,
      timeoutMs: fc.constantFrom(1_000, 5_000, 30_000),
      beside,
    }),
  ),
  often(1, fc.record({ kind: kind("close-session"), account, session, beside })),
  often(9, fc.record({ kind: kind("again"), nth, beside })),
  often(1, fc.record({ kind: kind("reuse"), nth, order, beside })),
  often(
    10,
    fc.record({
      kind: kind("fault"),
      inCalls: fc.integer({ min: 1, max: 80 }),
      outcome: fc.nat({ max: 59 }),
    }),
  ),
  often(12, fc.record({ kind: kind("wait"), ms: fc.constantFrom(1, 20, 300, 2_000, 7_000) })),
  often(7, fc.record({ kind: kind("quiet") })),
);

export const randomDay: fc.Arbitrary<Day> = fc.noBias(
  fc.record({
    hour: fc.constantFrom("morning" as const, "morning" as const, "before-midnight" as const),
    steps: fc.array(randomStep, { minLength: 1, maxLength: MOST_STEPS, size: "max" }),
  }),
);

/** Fields that are not there are left out, at every depth, so that a day reads the same when it was printed and parsed. */
function withoutAbsent<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
