import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { Book } from "./books/book.ts";
import { REASON } from "./codes.ts";
import { LINK, MAX_AWAITED } from "./commands.ts";
import { reduces } from "./endings.ts";
import type { LiveOrders } from "./live-orders.ts";
import { isAsleep, type Placing } from "./order-terms.ts";
import { EXTRA, EXTRA_WORDS, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";

const { QUANTITY, STOP, TRAIL_TICKS, TRAIL_BPS, DISPLAY, MINIMUM } = PLACE_WORD;
const { CLIENT_ID, LINK_HANDLE, SESSION, AWAITS } = PLACE_WORD;
const { POST_ONLY, HIDDEN, REDUCE_ONLY, TYPE, TIME_IN_FORCE, TIME_IN_FORCE_SHIFT } = FLAG;

/** Why a special order is refused, or NONE. `works`: it is active at once, neither dormant nor waiting. */
export function extrasFault(live: LiveOrders, book: Book, placing: Placing, works: boolean): number {
  const { words, at, length } = placing;
  const flags = words.i32[at * 2 + 7] as number;
  const selfTrade = (flags & FLAG.SELF_TRADE) >> FLAG.SELF_TRADE_SHIFT;
  if (selfTrade > 5) return REASON.invalid_self_trade;
  const asleep = isAsleep(words.f64, at, length);
  if (hasBadTrigger(book, placing, flags, asleep)) return REASON.invalid_trigger;
  const rests = (flags & TYPE) === 0 && (flags & TIME_IN_FORCE) <= 2 << TIME_IN_FORCE_SHIFT;
  const peg = (flags & FLAG.PEG) >> FLAG.PEG_SHIFT;
  if (peg > 2 || (peg !== 0 && (!rests || !works || (flags & POST_ONLY) !== 0))) return REASON.invalid_peg;
  const amounts = amountsFault(placing, flags, rests, peg !== 0);
  if (amounts !== NONE) return amounts;
  const names = namesFault(live, book, placing, flags);
  if (names !== NONE) return names;
  return works && (flags & REDUCE_ONLY) !== 0 ? reduceFault(live, book, placing, flags) : NONE;
}

function number({ words, at, length }: Placing, word: number): number {
  return word < length ? (words.f64[at + word] as number) : 0;
}

function hasBadTrigger(book: Book, placing: Placing, flags: number, asleep: boolean): boolean {
  if ((flags & FLAG.TRIGGER_BY) >> FLAG.TRIGGER_BY_SHIFT > 1) return true;
  const [stop, ticks, bps] = [STOP, TRAIL_TICKS, TRAIL_BPS].map((word) => number(placing, word)) as [
    number,
    number,
    number,
  ];
  if (![stop, ticks, bps].every(isWhole)) return true;
  if (ticks !== 0 && bps !== 0) return true;
  if (stop === 0 && (flags & FLAG.IF_TOUCHED) !== 0) return true;
  if (stop > book.maxPriceTicks || ticks > book.maxPriceTicks || bps >= 10_000) return true;
  return asleep && (flags & POST_ONLY) !== 0;
}

function amountsFault(placing: Placing, flags: number, rests: boolean, pegged: boolean): number {
  const quantity = number(placing, QUANTITY);
  const display = number(placing, DISPLAY);
  const hidden = (flags & HIDDEN) !== 0;
  if (!isWhole(display) || display > quantity) return REASON.invalid_display;
  if ((display !== 0 || hidden) && !rests) return REASON.invalid_display;
  if (display !== 0 && hidden) return REASON.invalid_display;
  const minimum = number(placing, MINIMUM);
  if (!isWhole(minimum) || minimum > quantity) return REASON.invalid_minimum;
  if (minimum !== 0 && ((flags & POST_ONLY) !== 0 || pegged)) return REASON.invalid_minimum;
  return NONE;
}

function namesFault(live: LiveOrders, book: Book, placing: Placing, flags: number): number {
  const account = placing.words.i32[placing.at * 2 + 6] as number;
  if (!isWhole(number(placing, SESSION))) return REASON.invalid_session;
  const clientId = number(placing, CLIENT_ID);
  if (!isWhole(clientId)) return REASON.invalid_client_id;
  if (clientId !== 0) {
    const known = live.clientIds.find(account, clientId);
    if (known !== undefined && known !== placing.replaced) return REASON.duplicate_client_id;
  }
  const link = (flags & FLAG.LINK) >> FLAG.LINK_SHIFT;
  const handle = number(placing, LINK_HANDLE);
  if (link > 2 || (link === 0) !== (handle === 0)) return REASON.invalid_link;
  const awaits = number(placing, AWAITS);
  if (!isWhole(awaits) || awaits > MAX_AWAITED) return REASON.invalid_link;
  if (awaits !== 0 && ((flags & POST_ONLY) !== 0 || link === LINK.CHILD)) return REASON.invalid_link;
  if (link === LINK.NONE) return NONE;
  if (link === LINK.CHILD && (flags & POST_ONLY) !== 0) return REASON.invalid_link;
  const target = live.slot(handle);
  if (target === NONE) return REASON.unknown_link;
  const { i32 } = live.orders;
  if (i32[(target << 4) | LINE_INT.ACCOUNT] !== account || live.bookOf(target) !== book)
    return REASON.invalid_link;
  const extra = live.extraOf(target);
  const parent = extra === NONE ? 0 : (live.extras.f64[extra * EXTRA_WORDS + EXTRA.PARENT] as number);
  if (link === LINK.ONE_CANCELS_OTHER) return parent === 0 ? NONE : REASON.invalid_link;
  const waits = ((i32[(target << 4) | LINE_INT.FLAGS] as number) & FLAG.WAITING) !== 0;
  const complete = extra === NONE || live.extras.f64[extra * EXTRA_WORDS + EXTRA.AWAITS] === 0;
  return waits && complete ? REASON.invalid_link : NONE;
}

function reduceFault(live: LiveOrders, book: Book, placing: Placing, flags: number): number {
  const account = placing.words.i32[placing.at * 2 + 6] as number;
  const position = live.positions.find(account, book.symbol);
  if (position === undefined || !reduces(position.lots, flags & 1)) return REASON.no_position_to_reduce;
  const replaced = position.reducers.has(placing.replaced) ? live.leaves(placing.replaced) : 0;
  const lots = number(placing, QUANTITY) + position.reducingLots - replaced;
  return lots > Math.abs(position.lots) ? REASON.beyond_position : NONE;
}

function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
