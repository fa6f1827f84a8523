import { type Random, seededRandom } from "@bourse/base";
import { ANY, type PlaceOrder } from "../commands.ts";
import type { EngineCommand } from "./engine-command.ts";

/** The last draw that is a replacement. */
const REPLACES = 77;
const NONE_IS_RARE = 1_000;
const SYMBOLS = 3;
const ACCOUNTS = 6;
const MAX_PRICE = 100_000;
const MAX_QUANTITY = 1_000;
/** Where the handles of every third seed begin. */
const BEYOND_32_BITS = 2 ** 40;
/** Numbers that no field takes, or only by chance. */
const WRONG = [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 1e300, 7, 1_001, 100_001];

/**
 * `count` commands over all features, the same for the same seed: crowded books around a wandering price, far prices,
 * references to recent, old and unknown orders, bursts of time, and a few commands that are wrong in one field.
 * Every fifth seed has plain orders only, every seventh only such special orders as set nothing off, so that plain orders
 * meet them in the plain lane; the others have one kind of special order more than the rest, and most of them begin with
 * accounts in groups and with positions that are followed.
 */
export function randomCommands(
  seed: number,
  count: number,
  random: Random = seededRandom(seed),
): EngineCommand[] {
  const commands: EngineCommand[] = [];
  const isCalm = seed % CALM_EVERY === 0;
  const kinds = isCalm ? CALM_KINDS : KINDS;
  const flow: Flow = {
    random,
    request: seed % 3 === 0 ? BEYOND_32_BITS : 0,
    atMs: 1_000,
    middle: 1_000,
    highestPrice: MAX_PRICE,
    resting: [],
    places: new Map(),
    related: 0,
    isPlain: seed % PLAIN_EVERY === 0,
    isCalm,
    kinds,
    favourite: kinds[seed % kinds.length] as number,
  };
  for (let symbol = 0; symbol < SYMBOLS && commands.length < count; symbol++) {
    flow.request++;
    const limits = { maxPriceTicks: MAX_PRICE, maxQuantityLots: MAX_QUANTITY };
    commands.push({ kind: "list", request: flow.request, atMs: flow.atMs, symbol, ...limits });
  }
  flow.request++;
  commands.push({ kind: "list", request: flow.request, atMs: flow.atMs, symbol: SYMBOLS, ...HUGE });
  if (!flow.isPlain && !isCalm && random.below(4) !== 0) commands.push(...acquainted(flow));
  commands.length = Math.min(commands.length, count);
  while (commands.length < count) {
    flow.request += random.below(20) === 0 ? 1 + random.below(5) : 1;
    flow.atMs += random.below(50) === 0 ? random.below(2_000) : random.below(4);
    flow.middle = Math.min(2_000, Math.max(50, flow.middle + random.below(3) - 1));
    const command = nextCommand(flow);
    commands.push(random.below(25) === 0 ? spoiled(random, command) : command);
  }
  return commands;
}

/** Two groups of accounts, and a position of each in each symbol. */
function acquainted(flow: Flow): EngineCommand[] {
  const head = (): { request: number; atMs: number } => ({ request: ++flow.request, atMs: flow.atMs });
  const accounts = Array.from({ length: ACCOUNTS }, (_, account) => account);
  return accounts.flatMap((account): EngineCommand[] => [
    { kind: "setAccountGroup", ...head(), account, group: 1 + (account & 1) },
    ...Array.from({ length: SYMBOLS }, (_, symbol): EngineCommand => {
      return { kind: "setPosition", ...head(), account, symbol, lots: (account & 1) === 0 ? 60 : -60 };
    }),
  ]);
}

/** A symbol in which a few orders are as much as a level can hold. */
const HUGE = { maxPriceTicks: 2, maxQuantityLots: 2 ** 52 - 1 };

function huge(flow: Flow): Partial<Mutable<PlaceOrder>> {
  const { random } = flow;
  return {
    symbol: SYMBOLS,
    side: 0,
    priceTicks: 1 + random.below(2),
    quantityLots: HUGE.maxQuantityLots - random.below(3),
  };
}

/** What `special` draws from. Its length shares no factor with `PLAIN_EVERY` and `CALM_EVERY`. */
const KINDS: readonly number[] = Array.from({ length: 16 }, (_, kind) => kind);
/** Hidden, self-trade prevention, iceberg, minimum, client id and session, one cancels the other. */
const CALM_KINDS: readonly number[] = [1, 3, 10, 10, 11, 12, 14, 15];
const PLAIN_EVERY = 5;
const CALM_EVERY = 7;

interface Flow {
  readonly random: Random;
  request: number;
  atMs: number;
  middle: number;
  /** The greatest limit so far. */
  highestPrice: number;
  /** Handles of orders that may rest. */
  readonly resting: number[];
  readonly places: Map<number, PlaceOrder>;
  /** The last order that others were linked to, or that awaits children. */
  related: number;
  /** Whether the orders are what most orders are. */
  readonly isPlain: boolean;
  /** Whether no order sets anything off: none sleeps, is pegged or follows a position, and there are no bands. */
  readonly isCalm: boolean;
  readonly kinds: readonly number[];
  /** The kind of special order that this seed has most of. */
  readonly favourite: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function nextCommand(flow: Flow): EngineCommand {
  const { random, request, atMs } = flow;
  const head = { request, atMs };
  const symbol = random.below(SYMBOLS);
  const account = random.below(ACCOUNTS);
  const roll = random.below(1_000);
  const rare = rareDraw(flow);
  if (rare < 12) return { kind: "cancelByClientId", ...head, account, clientId: random.below(12) };
  if (rare < 18) return { kind: "closeSession", ...head, session: random.below(5) };
  if (rare < 22) return { kind: "setAccountGroup", ...head, account, group: random.below(3) };
  if (rare < 34) return { kind: "setPosition", ...head, account, symbol, lots: random.below(121) - 60 };
  if (rare < 35) return { kind: "cancelOnly", ...head, symbol };
  if (rare < 40) return { kind: "resume", ...head, symbol };
  if (rare < 46) return setBands(flow, symbol);
  if (rare < 47) return { kind: "massCancel", ...head, account: ANY, symbol, side: random.below(3) - 1 };
  if (rare <= REPLACES) {
    const handle = someHandle(flow);
    const known = flow.places.get(handle);
    const same =
      known === undefined ? {} : { account: known.account, symbol: known.symbol, side: sideFor(flow, known) };
    return {
      ...place(flow),
      ...same,
      kind: "replace",
      handle,
      ...(random.below(5) === 0 ? {} : { link: 0, linkHandle: 0 }),
    };
  }
  if (roll < 640) return place(flow);
  if (roll < 780) return { kind: "amend", ...head, ...amendment(flow) };
  if (roll < 900) return { kind: "cancel", ...head, handle: someHandle(flow) };
  if (roll < 903) {
    const side = random.below(3) - 1;
    return { kind: "massCancel", ...head, account, symbol: random.below(SYMBOLS + 1) - 1, side };
  }
  if (roll < 905) return { kind: "block", ...head, account };
  if (roll < 930) return { kind: "unblock", ...head, account };
  if (roll < 932) return { kind: "halt", ...head, symbol };
  if (roll < 970) return { kind: "resume", ...head, symbol };
  if (roll < 994) return { kind: "advanceTime", ...head };
  if (roll < 997) return { kind: "void", ...head, handle: someHandle(flow) };
  if (random.below(2) === 0) return setLimits(flow, symbol);
  return {
    kind: "list",
    ...head,
    symbol: random.below(SYMBOLS + 2),
    maxPriceTicks: 500,
    maxQuantityLots: 50,
  };
}

/** Mostly more than before, so that most orders are still taken. */
function setLimits(flow: Flow, symbol: number): EngineCommand {
  const { random, request, atMs, middle } = flow;
  const tight = random.below(3) === 0;
  const maxPriceTicks = tight ? middle + random.below(40) : MAX_PRICE * (1 + random.below(1_000));
  const maxQuantityLots = tight ? 1 + random.below(20) : MAX_QUANTITY * (1 + random.below(3));
  if (!tight) flow.highestPrice = Math.max(flow.highestPrice, maxPriceTicks);
  return { kind: "setLimits", request, atMs, symbol, maxPriceTicks, maxQuantityLots };
}

function setBands(flow: Flow, symbol: number): EngineCommand {
  const { random, request, atMs, middle } = flow;
  const off = random.below(3) === 0;
  return {
    kind: "setBands",
    request,
    atMs,
    symbol,
    lowerTicks: off ? 0 : Math.max(1, middle - 2 - random.below(12)),
    upperTicks: off ? 0 : middle + 2 + random.below(12),
    limitStateMs: off ? 0 : 1 + random.below(300),
  };
}

function place(flow: Flow): { kind: "place" } & PlaceOrder {
  const { random, request, atMs } = flow;
  const side = random.below(2);
  const type = random.below(8) === 0 ? 1 : 0;
  const timeInForce = random.below(3) === 0 ? random.below(5) : 0;
  const price = somePrice(flow, side);
  const quantityLots = 1 + random.below(random.below(10) === 0 ? 300 : 20);
  const placed: { kind: "place" } & PlaceOrder = {
    kind: "place",
    request,
    atMs,
    symbol: random.below(SYMBOLS),
    account: random.below(ACCOUNTS),
    side,
    type,
    timeInForce,
    postOnly: random.below(10) === 0,
    priceTicks: type === 1 ? 0 : price,
    quantityLots,
    worstPriceTicks: type === 1 ? price : random.below(20) === 0 ? somePrice(flow, side) : 0,
    expireAtMs:
      timeInForce === 1
        ? dayEnd(atMs)
        : timeInForce === 2 || random.below(4) === 0
          ? atMs + random.below(1_500)
          : 0,
    ...(flow.isPlain || random.below(2) === 0 ? {} : special(flow, quantityLots)),
    ...(type === 0 && random.below(60) === 0 ? huge(flow) : {}),
  };
  flow.resting.push(request);
  flow.places.set(request, placed);
  return placed;
}

/** One to three of the things that make an order special, together as it comes. */
function special(flow: Flow, quantityLots: number): Partial<Mutable<PlaceOrder>> {
  const { random } = flow;
  const fields: Partial<Mutable<PlaceOrder>> = {};
  for (let count = 1 + random.below(3); count > 0; count--) {
    const roll =
      random.below(3) === 0 ? flow.favourite : (flow.kinds[random.below(flow.kinds.length)] as number);
    if (roll === 0) fields.slide = true;
    if (roll === 0) fields.postOnly = true;
    if (roll === 1) fields.hidden = true;
    if (roll === 2) fields.reduceOnly = true;
    if (roll === 3 || roll === 4) fields.selfTrade = random.below(2) === 0 ? 5 : random.below(6);
    if (roll === 5 || roll === 6) fields.stopTicks = somePrice(flow, random.below(2));
    if (roll === 7) fields.trailTicks = 1 + random.below(6);
    if (roll === 8) fields.trailBps = 1 + random.below(random.below(2) === 0 ? 60 : 9_999);
    if (roll >= 5 && roll <= 8) {
      fields.triggerBy = random.below(2);
      fields.ifTouched = random.below(4) === 0;
    }
    if (roll >= 7 && roll <= 8 && random.below(2) === 0) fields.stopTicks = somePrice(flow, random.below(2));
    if (roll === 9) fields.peg = 1 + random.below(2);
    if (roll === 10) fields.displayLots = 1 + random.below(Math.min(6, quantityLots));
    if (roll === 11) fields.minimumLots = 1 + random.below(quantityLots);
    if (roll === 12) fields.clientId = 1 + random.below(12);
    if (roll === 12) fields.session = random.below(5);
    if (roll === 13 && random.below(2) === 0) {
      fields.awaits = 1 + random.below(2);
      flow.related = flow.request;
    } else if (roll >= 13) Object.assign(fields, link(flow));
  }
  return fields;
}

function link(flow: Flow): Partial<PlaceOrder> {
  const { random } = flow;
  // Families grow when several orders name the same one.
  const linkHandle = random.below(2) === 0 ? flow.related : someHandle(flow);
  flow.related = linkHandle;
  const target = flow.places.get(linkHandle);
  if (target === undefined || random.below(10) === 0) return { link: random.below(3), linkHandle };
  const { account, symbol, side } = target;
  const link = 1 + random.below(2);
  return { link, linkHandle, account, symbol, side: link === 1 ? side : 1 - side };
}

function dayEnd(atMs: number): number {
  return (Math.floor(atMs / 3_000) + 1) * 3_000;
}

/** Mostly on the order's own side of the middle, sometimes across, rarely far away. */
function somePrice({ random, middle, highestPrice }: Flow, side: number): number {
  if (random.below(60) === 0) return 1 + random.below(highestPrice);
  const distance = random.below(14) - 3;
  return Math.max(1, side === 0 ? middle - distance : middle + distance);
}

function amendment(flow: Flow): { handle: number; priceTicks: number; quantityLots: number } {
  const { random } = flow;
  const priceTicks = random.below(2) === 0 ? 0 : somePrice(flow, random.below(2));
  return {
    handle: someHandle(flow),
    priceTicks,
    quantityLots: random.below(3) === 0 ? 0 : 1 + random.below(25),
  };
}

/** Mostly of an order that may still rest, the younger the likelier; sometimes of none. */
function someHandle({ random, request, resting }: Flow): number {
  if (random.below(15) === 0) return request + 2 - random.below(2_000);
  const back = random.below(4) === 0 ? random.below(Math.min(200, resting.length) + 1) : random.below(12);
  return resting[resting.length - 1 - back] ?? request;
}

/** The same command with one number replaced by a wrong one. */
function spoiled(random: Random, command: EngineCommand): EngineCommand {
  const fields: [string, unknown][] = Object.entries(command).filter(
    ([, value]) => typeof value === "number",
  );
  const [field] = fields[random.below(fields.length)] ?? ["request"];
  const wrong = WRONG[random.below(WRONG.length)] ?? 0;
  return { ...command, [field]: field === "request" ? Math.min(wrong, command.request - 1) : wrong };
}

/** Of the rare commands, plain flows have replacements alone, which have a short way of their own. */
function rareDraw({ random, isPlain, isCalm }: Flow): number {
  if (isPlain) return random.below(12) === 0 ? REPLACES : NONE_IS_RARE;
  return isCalm ? NONE_IS_RARE : random.below(1_000);
}

/** A replacement keeps its order's side; in plain flows some try not to. */
function sideFor({ random, isPlain }: Flow, known: { readonly side: number }): number {
  return isPlain && random.below(8) === 0 ? 1 - known.side : known.side;
}
