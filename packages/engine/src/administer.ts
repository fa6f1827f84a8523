import { COMMAND } from "./binary/command-layout.ts";
import type { CommandWords } from "./binary/encode-command.ts";
import { BOOK, type Book } from "./books/book.ts";
import { REASON, STATUS } from "./codes.ts";
import { ANY, PHASE } from "./commands.ts";
import type { EngineParts } from "./engine-parts.ts";
import { isIndex, listingFault, MAX_SYMBOLS } from "./order-terms.ts";
import { NONE } from "./slots.ts";

const { LOWER_BAND, UPPER_BAND, LIMIT_STATE_MS, LIMIT_UNTIL } = BOOK;

/** Runs a command about accounts, sessions or symbols; returns why it is refused, or NONE. */
export function administer(core: EngineParts, words: CommandWords, at: number, kind: number): number {
  switch (kind) {
    case COMMAND.MASS_CANCEL:
      return massCancel(core, words, at);
    case COMMAND.CLOSE_SESSION:
      return closeSession(core, words.f64[at + 1] as number, words.f64[at + 3] as number);
    case COMMAND.LIST:
      return list(core, words, at);
    case COMMAND.SET_LIMITS:
      return setLimits(core, words, at);
    case COMMAND.HALT:
      return setPhase(core, words, at, PHASE.HALTED);
    case COMMAND.RESUME:
      return setPhase(core, words, at, PHASE.TRADING);
    case COMMAND.CANCEL_ONLY:
      return setPhase(core, words, at, PHASE.CANCEL_ONLY);
    case COMMAND.SET_BANDS:
      return setBands(core, words, at);
    case COMMAND.BLOCK:
    case COMMAND.UNBLOCK:
    case COMMAND.SET_GROUP:
    case COMMAND.SET_POSITION:
      return ofAccount(core, words, at, kind);
    default:
      return REASON.invalid_command;
  }
}

function massCancel(core: EngineParts, words: CommandWords, at: number): number {
  const symbol = words.i32[at * 2 + 1] as number;
  const account = words.i32[at * 2 + 6] as number;
  const side = words.i32[at * 2 + 7] as number;
  if (account === ANY && symbol === ANY) return REASON.invalid_account;
  if (account !== ANY && !isIndex(account, core.limits.maxAccounts)) return REASON.invalid_account;
  if (symbol !== ANY && core.book(symbol) === undefined) return REASON.unknown_symbol;
  if (side < ANY || side > 1) return REASON.invalid_side;
  const request = words.f64[at + 1] as number;
  core.massWork.start({ kind: "mass_cancelled", request, account, symbol, side, session: 0 });
  return NONE;
}

function closeSession(core: EngineParts, request: number, session: number): number {
  if (!Number.isSafeInteger(session) || session <= 0) return REASON.invalid_session;
  core.massWork.start({ kind: "session_closed", request, account: ANY, symbol: ANY, side: ANY, session });
  return NONE;
}

function ofAccount(core: EngineParts, words: CommandWords, at: number, kind: number): number {
  const { live } = core;
  const request = words.f64[at + 1] as number;
  const account = words.i32[at * 2 + 6] as number;
  const value = words.f64[at + 4] as number;
  if (!isIndex(account, core.limits.maxAccounts)) return REASON.invalid_account;
  if (kind === COMMAND.SET_POSITION) return setPosition(core, words, at, account);
  if (kind === COMMAND.SET_GROUP) {
    if (!isIndex(value, 2 ** 31)) return REASON.invalid_group;
    live.accounts.setGroup(account, value);
  } else {
    live.accounts.setBlocked(account, kind === COMMAND.BLOCK);
  }
  if (kind === COMMAND.BLOCK)
    core.massWork.start({ kind: "account_blocked", request, account, symbol: ANY, side: ANY, session: 0 });
  else core.events.completed(request, 0);
  return NONE;
}

function setPosition(core: EngineParts, words: CommandWords, at: number, account: number): number {
  const book = core.book(words.i32[at * 2 + 1] as number);
  const lots = words.f64[at + 4] as number;
  if (book === undefined) return REASON.unknown_symbol;
  if (!Number.isSafeInteger(lots)) return REASON.invalid_position;
  core.endings.trim(core.live.positions.set(account, book.symbol, lots + 0));
  core.events.completed(words.f64[at + 1] as number, 0);
  core.live.tellLevels();
  core.settle(book);
  return NONE;
}

function list(core: EngineParts, words: CommandWords, at: number): number {
  const symbol = words.i32[at * 2 + 1] as number;
  const maxPriceTicks = words.f64[at + 3] as number;
  const maxQuantityLots = words.f64[at + 4] as number;
  if (core.book(symbol) !== undefined) return REASON.already_listed;
  if (!isIndex(symbol, MAX_SYMBOLS)) return REASON.invalid_symbol;
  const fault = listingFault(maxPriceTicks, maxQuantityLots);
  if (fault !== NONE) return fault;
  core.live.list({ symbol, maxPriceTicks, maxQuantityLots });
  core.events.completed(words.f64[at + 1] as number, 0);
  return NONE;
}

function setLimits(core: EngineParts, words: CommandWords, at: number): number {
  const book = core.book(words.i32[at * 2 + 1] as number);
  const maxPriceTicks = words.f64[at + 3] as number;
  const maxQuantityLots = words.f64[at + 4] as number;
  if (book === undefined) return REASON.unknown_symbol;
  const fault = listingFault(maxPriceTicks, maxQuantityLots);
  if (fault !== NONE) return fault;
  book.setLimits(maxPriceTicks, maxQuantityLots);
  core.events.completed(words.f64[at + 1] as number, 0);
  core.settle(book);
  return NONE;
}

function setPhase(core: EngineParts, words: CommandWords, at: number, phase: number): number {
  const book = core.book(words.i32[at * 2 + 1] as number);
  if (book === undefined) return REASON.unknown_symbol;
  book.phase = phase;
  if (phase !== PHASE.TRADING) leaveLimitState(core, book);
  core.events.completed(words.f64[at + 1] as number, 0);
  core.settle(book);
  return NONE;
}

function leaveLimitState(core: EngineParts, book: Book): void {
  book.counters[LIMIT_UNTIL] = 0;
  core.live.limited.delete(book);
}

function setBands(core: EngineParts, words: CommandWords, at: number): number {
  const symbol = words.i32[at * 2 + 1] as number;
  const book = core.book(symbol);
  const [lower, upper, limitStateMs] = [3, 4, 5].map((word) => words.f64[at + word]) as [
    number,
    number,
    number,
  ];
  if (book === undefined) return REASON.unknown_symbol;
  if (![lower, upper, limitStateMs].every((value) => Number.isSafeInteger(value) && value >= 0))
    return REASON.invalid_bands;
  const off = lower === 0 && upper === 0;
  if (!off && (lower < 1 || lower > upper || upper > book.maxPriceTicks || limitStateMs < 1))
    return REASON.invalid_bands;
  const { counters } = book;
  if (counters[LIMIT_UNTIL] !== 0) core.settler.endLimitState(book, STATUS.trading, 0);
  const hadBands = counters[UPPER_BAND] !== Number.POSITIVE_INFINITY;
  book.watch += Number(!off) - Number(hadBands);
  counters[LOWER_BAND] = lower;
  counters[UPPER_BAND] = off ? Number.POSITIVE_INFINITY : upper;
  counters[LIMIT_STATE_MS] = off ? 0 : limitStateMs;
  const request = words.f64[at + 1] as number;
  core.massWork.start({ kind: "beyond_band", request, account: ANY, symbol, side: ANY, session: 0 });
  return NONE;
}
