import { FLAG, PLACE_WORD } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import type { LiveOrders } from "./live-orders.ts";
import { awaitsChildren, isAsleep } from "./order-terms.ts";
import { EXTRA, EXTRA_INT, EXTRA_WORDS, LINE, LINE_INT } from "./orders/order-line.ts";
import { NONE } from "./slots.ts";

const { FLAGS, EXTRA: EXTRA_SLOT } = LINE_INT;
const {
  PRICE,
  WORST,
  EXPIRE_AT,
  STOP,
  TRAIL_TICKS,
  TRAIL_BPS,
  DISPLAY,
  MINIMUM,
  CLIENT_ID,
  SESSION,
  LINK_HANDLE,
  AWAITS,
} = PLACE_WORD;
const LAST_RESTING = 2 << FLAG.TIME_IN_FORCE_SHIFT;
const CHILD = 2 << FLAG.LINK_SHIFT;

/** Whether an order needs an extra record. */
export function needsExtra({ f64, i32 }: CommandWords, at: number, length: number): boolean {
  const flags = i32[at * 2 + 7] as number;
  if ((flags & (FLAG.PEG | FLAG.LINK)) !== 0 || expires(f64, flags, at, length)) return true;
  if (length <= 8) return false;
  for (const word of [STOP, TRAIL_TICKS, TRAIL_BPS, DISPLAY, MINIMUM, CLIENT_ID, SESSION, AWAITS])
    if (word < length && f64[at + word] !== 0) return true;
  return false;
}

function expires(words: Float64Array, flags: number, at: number, length: number): boolean {
  const tif = flags & FLAG.TIME_IN_FORCE;
  if (tif === 0 || tif > LAST_RESTING) return false;
  return (flags & FLAG.TYPE) === 0 || waits(words, flags, at, length) || isAsleep(words, at, length);
}

/** Whether an order waits for its parent or its children. */
function waits(words: Float64Array, flags: number, at: number, length: number): boolean {
  return (flags & FLAG.LINK) === CHILD || awaitsChildren(words, at, length);
}

/** An empty extra record for an order that has none. */
export function addExtra(live: LiveOrders, order: number): number {
  const extra = live.extras.allocate();
  live.extras.f64.fill(0, extra * EXTRA_WORDS, (extra + 1) * EXTRA_WORDS);
  live.extras.i32[extra * EXTRA_WORDS * 2 + EXTRA_INT.EXPIRY] = NONE;
  live.orders.i32[(order << 4) | EXTRA_SLOT] = extra;
  return extra;
}

/** Copies the fields of a PLACE that belong to the extra record. */
export function fillExtra(
  live: LiveOrders,
  order: number,
  words: CommandWords,
  at: number,
  length: number,
): void {
  const to = addExtra(live, order) * EXTRA_WORDS;
  const { f64 } = live.extras;
  const flags = words.i32[at * 2 + 7] as number;
  const word = (index: number): number => (index < length ? (words.f64[at + index] as number) : 0);
  const trails = word(TRAIL_TICKS) !== 0 || word(TRAIL_BPS) !== 0;
  f64[to + (trails ? EXTRA.ACTIVATION : EXTRA.STOP)] = word(STOP);
  f64[to + EXTRA.TRAIL_TICKS] = word(TRAIL_TICKS);
  f64[to + EXTRA.TRAIL_BPS] = word(TRAIL_BPS);
  f64[to + EXTRA.DISPLAY] = word(DISPLAY);
  f64[to + EXTRA.MINIMUM] = word(MINIMUM);
  f64[to + EXTRA.CLIENT_ID] = word(CLIENT_ID);
  f64[to + EXTRA.SESSION] = word(SESSION);
  f64[to + EXTRA.AWAITS] = word(AWAITS);
  if ((flags & FLAG.LINK) === CHILD) f64[to + EXTRA.PARENT] = word(LINK_HANDLE);
  if (waits(words.f64, flags, at, length) || (flags & FLAG.PEG) !== 0 || isAsleep(words.f64, at, length))
    f64[to + EXTRA.LIMIT] = word((flags & FLAG.TYPE) === 0 ? PRICE : WORST);
  if (expires(words.f64, flags, at, length)) {
    f64[to + EXTRA.EXPIRE_AT] = word(EXPIRE_AT);
    setFlags(live, order, FLAG.EXPIRES);
  }
}

/**
 * Links an order to a live one, as a member of its OCO group or as its child. Returns the parent if it now has all the
 * children it awaited, else NONE.
 */
export function joinFamily(live: LiveOrders, order: number, link: number, handle: number): number {
  const target = live.slot(handle);
  setFlags(live, order, FLAG.LINKED);
  if (link === 2) {
    live.children.add(handle, order);
    setFlags(live, target, FLAG.PARENT);
    return isComplete(live, target) ? target : NONE;
  }
  const known = live.extraOf(target);
  const extra = known === NONE ? addExtra(live, target) : known;
  const { f64 } = live.extras;
  if (f64[extra * EXTRA_WORDS + EXTRA.GROUP] === 0) {
    f64[extra * EXTRA_WORDS + EXTRA.GROUP] = live.orders.f64[(target << 3) | LINE.HANDLE] as number;
    live.groups.add(handle, target);
    setFlags(live, target, FLAG.LINKED);
    live.markSoft(live.orders.i32[(target << 4) | LINE_INT.LEVEL] as number);
  }
  const group = f64[extra * EXTRA_WORDS + EXTRA.GROUP] as number;
  f64[live.extraOf(order) * EXTRA_WORDS + EXTRA.GROUP] = group;
  live.groups.add(group, order);
  return NONE;
}

/** Counts a child that has arrived; returns whether it is the last one that its parent awaits. */
function isComplete(live: LiveOrders, parent: number): boolean {
  const extra = live.extraOf(parent);
  if (extra === NONE) return false;
  const { f64 } = live.extras;
  const at = extra * EXTRA_WORDS + EXTRA.AWAITS;
  const awaited = f64[at] as number;
  if (awaited === 0) return false;
  f64[at] = awaited - 1;
  return awaited === 1;
}

export function setFlags(live: LiveOrders, order: number, flags: number): void {
  const { i32 } = live.orders;
  i32[(order << 4) | FLAGS] = (i32[(order << 4) | FLAGS] as number) | flags;
}
