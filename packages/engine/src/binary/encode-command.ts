import type { CommandHead, OrderTerms, ReplaceOrder } from "../commands.ts";
import { COMMAND, COMMAND_WORDS, FLAG, PLACE_WORD } from "./command-layout.ts";

/** Written for an index that was invalid; ANY is -1. */
const NO_INDEX = -2;

/** Encoded commands: a buffer that is filled from its start. The same words may be run repeatedly. */
export class CommandWords {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  /** Words written. */
  length = 0;

  constructor(words: number) {
    const bytes = new ArrayBuffer(words * 8);
    this.f64 = new Float64Array(bytes);
    this.i32 = new Int32Array(bytes);
  }

  clear(): void {
    this.length = 0;
  }

  /** Writes the first three words; returns where the record is. */
  begin(kind: number, words: number, symbol: number, head: CommandHead): number {
    const at = this.length;
    this.i32[at * 2] = kind | (words << 8);
    this.i32[at * 2 + 1] = index(symbol);
    this.f64[at + 1] = head.request;
    this.f64[at + 2] = head.atMs;
    this.length = at + words;
    return at;
  }

  /** A command of a handle, a session, an account or a symbol with up to three numbers. */
  plain(kind: number, head: CommandHead, symbol: number, numbers: readonly number[]): void {
    const at = this.begin(kind, 3 + numbers.length, symbol, head);
    for (let number = 0; number < numbers.length; number++)
      this.f64[at + 3 + number] = numbers[number] as number;
  }

  cancel(head: CommandHead, handle: number): void {
    const at = this.begin(COMMAND.CANCEL, 4, 0, head);
    this.f64[at + 3] = handle;
  }

  amend(head: CommandHead, handle: number, priceTicks: number, quantityLots: number): void {
    const at = this.begin(COMMAND.AMEND, 6, 0, head);
    this.f64[at + 3] = handle;
    this.f64[at + 4] = priceTicks;
    this.f64[at + 5] = quantityLots;
  }

  ofAccount(
    kind: number,
    head: CommandHead,
    symbol: number,
    account: number,
    more: number,
    number: number,
  ): void {
    const at = this.begin(kind, 5, symbol, head);
    this.i32[at * 2 + 6] = index(account);
    this.i32[at * 2 + 7] = index(more);
    this.f64[at + 4] = number;
  }

  place(head: CommandHead, terms: OrderTerms): void {
    const flags = flagsOf(terms);
    const simple = terms.worstPriceTicks === 0 && terms.expireAtMs === 0 && !hasMore(terms);
    const words = simple ? 6 : hasMore(terms) ? COMMAND_WORDS - 1 : 8;
    this.#terms(this.begin(COMMAND.PLACE, words, terms.symbol, head), terms, flags, words);
  }

  replace(command: ReplaceOrder): void {
    const at = this.begin(COMMAND.REPLACE, COMMAND_WORDS, command.symbol, command);
    this.#terms(at, command, flagsOf(command), COMMAND_WORDS - 1);
    this.f64[at + PLACE_WORD.REPLACED] = command.handle;
  }

  #terms(at: number, terms: OrderTerms, flags: number, words: number): void {
    const { f64 } = this;
    this.i32[at * 2 + 6] = index(terms.account);
    this.i32[at * 2 + 7] = flags;
    f64[at + PLACE_WORD.PRICE] = terms.priceTicks;
    f64[at + PLACE_WORD.QUANTITY] = terms.quantityLots;
    if (words < 8) return;
    f64[at + PLACE_WORD.WORST] = terms.worstPriceTicks;
    f64[at + PLACE_WORD.EXPIRE_AT] = terms.expireAtMs;
    if (words < COMMAND_WORDS - 1) return;
    f64[at + PLACE_WORD.STOP] = terms.stopTicks ?? 0;
    f64[at + PLACE_WORD.TRAIL_TICKS] = terms.trailTicks ?? 0;
    f64[at + PLACE_WORD.TRAIL_BPS] = terms.trailBps ?? 0;
    f64[at + PLACE_WORD.DISPLAY] = terms.displayLots ?? 0;
    f64[at + PLACE_WORD.MINIMUM] = terms.minimumLots ?? 0;
    f64[at + PLACE_WORD.CLIENT_ID] = terms.clientId ?? 0;
    f64[at + PLACE_WORD.LINK_HANDLE] = terms.linkHandle ?? 0;
    f64[at + PLACE_WORD.SESSION] = terms.session ?? 0;
    f64[at + PLACE_WORD.AWAITS] = terms.awaits ?? 0;
  }
}

function hasMore(terms: OrderTerms): boolean {
  return (
    terms.stopTicks !== undefined ||
    terms.trailTicks !== undefined ||
    terms.trailBps !== undefined ||
    terms.displayLots !== undefined ||
    terms.minimumLots !== undefined ||
    terms.clientId !== undefined ||
    terms.linkHandle !== undefined ||
    terms.session !== undefined ||
    terms.awaits !== undefined
  );
}

function flagsOf(terms: OrderTerms): number {
  return (
    code(terms.side, 3) |
    (code(terms.type, 3) << FLAG.TYPE_SHIFT) |
    (code(terms.timeInForce, 7) << FLAG.TIME_IN_FORCE_SHIFT) |
    (terms.postOnly ? FLAG.POST_ONLY : 0) |
    (terms.slide === true ? FLAG.SLIDE : 0) |
    (terms.hidden === true ? FLAG.HIDDEN : 0) |
    (terms.reduceOnly === true ? FLAG.REDUCE_ONLY : 0) |
    (code(terms.selfTrade ?? 0, 7) << FLAG.SELF_TRADE_SHIFT) |
    (code(terms.triggerBy ?? 0, 3) << FLAG.TRIGGER_BY_SHIFT) |
    (code(terms.peg ?? 0, 3) << FLAG.PEG_SHIFT) |
    (code(terms.link ?? 0, 3) << FLAG.LINK_SHIFT) |
    (terms.ifTouched === true ? FLAG.IF_TOUCHED : 0)
  );
}

/** A small code, or all bits set. */
function code(value: number, allSet: number): number {
  return value >= 0 && value < allSet && Number.isInteger(value) ? value : allSet;
}

function index(value: number): number {
  return value >= -1 && value <= 0x7fff_ffff && Number.isInteger(value) ? value : NO_INDEX;
}
