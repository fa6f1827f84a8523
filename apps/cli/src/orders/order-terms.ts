import { type Command, Option } from "commander";
import { wholeNumber } from "../help.ts";

/** The options of `order place`, as commander gives them. */
export interface TermOptions {
  readonly type?: string;
  readonly price?: string;
  readonly account?: string;
  readonly tif?: string;
  readonly postOnly?: boolean;
  readonly slide?: boolean;
  readonly expireAt?: string;
  readonly stopPrice?: string;
  readonly ifTouched?: boolean;
  readonly trail?: string;
  readonly triggerBy?: string;
  readonly display?: string;
  readonly hidden?: boolean;
  readonly peg?: string;
  readonly minQuantity?: string;
  readonly reduceOnly?: boolean;
  readonly stp?: string;
  readonly group?: string;
  readonly parent?: string;
  readonly awaits?: number;
  readonly replaces?: string;
  readonly session?: string;
}

const TYPES = ["LIMIT", "MARKET", "STOP_LOSS", "STOP_LIMIT", "TRAILING_STOP", "ICEBERG", "PEGGED"] as const;

/** Adds what an order can have. */
export function withTerms(command: Command): Command {
  return command
    .addOption(
      new Option("--type <type>", "the order's type (default: what its other options make it)").choices(
        TYPES,
      ),
    )
    .option("--price <price>", "its limit, on tick")
    .option("--account <account>", "who trades; an account's own key needs none")
    .addOption(
      new Option("--tif <time in force>", "how long it stands").choices(["GTC", "DAY", "GTD", "IOC", "FOK"]),
    )
    .option("--expire-at <time>", "when a GTD order ends, RFC 3339")
    .option("--post-only", "refuse it rather than let it take")
    .option("--slide", "with --post-only: one tick before it would take, rather than refuse it")
    .option(
      "--stop-price <price>",
      "sleep until the market reaches it; with --price a STOP_LIMIT, else a STOP_LOSS",
    )
    .option("--if-touched", "the stop is reached from the other side: to take a profit")
    .option("--trail <distance>", "TRAILING_STOP: the stop follows at 12.5, or at 0.25%")
    .addOption(new Option("--trigger-by <reference>", "what moves a stop").choices(["LAST", "BEST"]))
    .option("--display <quantity>", "ICEBERG: how much is shown at a time")
    .option("--hidden", "show none of it")
    .addOption(new Option("--peg <to>", "PEGGED: what its price follows").choices(["BEST", "MID"]))
    .option("--min-quantity <quantity>", "what must fill at once, or it is cancelled whole")
    .option("--reduce-only", "only ever make the position smaller")
    .addOption(
      new Option("--stp <mode>", "what happens before it trades with its own account or group").choices([
        "NONE",
        "EXPIRE_TAKER",
        "EXPIRE_MAKER",
        "EXPIRE_BOTH",
        "DECREMENT",
        "TRANSFER",
      ]),
    )
    .option("--group <client order id>", "one cancels the other: the order that the group is named after")
    .option("--parent <client order id>", "wait until that order is done and has filled")
    .option("--awaits <children>", "wait until this many children have come", wholeNumber(1, 8))
    .option("--replaces <order>", "cancel that order in the same step: both or neither")
    .option("--session <session>", "cancel it when that session ends");
}

/** The fields of the request that the options mean. */
export function termsOf(options: TermOptions): Readonly<Record<string, string | number | boolean>> {
  const fields = {
    accountId: options.account,
    orderType: options.type ?? typeOf(options),
    timeInForce: options.tif,
    price: options.price,
    postOnly: options.postOnly,
    slide: options.slide,
    expireAt: options.expireAt,
    stopPrice: options.stopPrice,
    ifTouched: options.ifTouched,
    trailingOffset: options.trail,
    triggerBy: options.triggerBy,
    displayQuantity: options.display,
    hidden: options.hidden,
    pegTo: options.peg,
    minQuantity: options.minQuantity,
    reduceOnly: options.reduceOnly,
    selfTradePrevention: options.stp,
    groupId: options.group,
    parentId: options.parent,
    awaits: options.awaits,
    replaces: options.replaces,
    sessionId: options.session,
  };
  return Object.fromEntries(
    Object.entries(fields).flatMap(([field, value]) => (value === undefined ? [] : [[field, value]])),
  );
}

/** What an order is by what was said of it. Where that fits no type, the platform says what is wrong. */
function typeOf({ price, stopPrice, trail, display, peg }: TermOptions): (typeof TYPES)[number] {
  if (trail !== undefined) return "TRAILING_STOP";
  if (peg !== undefined) return "PEGGED";
  if (display !== undefined) return "ICEBERG";
  if (stopPrice !== undefined) return price === undefined ? "STOP_LOSS" : "STOP_LIMIT";
  return price === undefined ? "MARKET" : "LIMIT";
}

/** One of each type, as `order place --help` shows them. */
export const PLACE_EXAMPLES: readonly (readonly [line: string, meaning: string])[] = [
  ["order place buy 0.5 BTC-USD --price 60000 --account alice", "LIMIT"],
  ["order place sell 10 AAPL --account bob", "MARKET, up to its collar"],
  [
    "order place sell 10 AAPL --stop-price 200 --account bob",
    "STOP_LOSS: at the market once it trades at 200",
  ],
  [
    "order place sell 10 AAPL --stop-price 200 --price 199 --account bob",
    "STOP_LIMIT: then at 199 or better",
  ],
  ["order place sell 10 AAPL --trail 2.5% --account bob", "TRAILING_STOP: 2.5% below the best price so far"],
  ["order place buy 500 AAPL --price 210 --display 50 --account alice", "ICEBERG: 50 are shown at a time"],
  ["order place buy 10 AAPL --peg MID --price 212 --account alice", "PEGGED to the middle, up to 212"],
];

/** Milliseconds a session may be silent. */
export const sessionTimeout: (text: string) => number = wholeNumber(1_000, 86_400_000);
