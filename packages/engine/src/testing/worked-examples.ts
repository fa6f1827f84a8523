import { assert } from "@bourse/base";
import {
  ANY,
  LINK,
  ORDER_TYPE,
  PEG,
  type PlaceOrder,
  SELF_TRADE,
  TIME_IN_FORCE,
  TRIGGER_BY,
} from "../commands.ts";
import type { EngineMaker } from "./compare-engines.ts";
import { type Draft, narrate, order } from "./scenario.ts";

/** An example of the README: commands, each with the events that the text says it has. */
export interface WorkedExample {
  /** Line of the README. */
  readonly line: number;
  readonly steps: readonly ExampleStep[];
}

export interface ExampleStep {
  readonly text: string;
  readonly draft: Draft;
  /** Undefined where the text doesn't say. */
  readonly expected: readonly string[] | undefined;
}

/**
 * The blocks marked `example`. A line that begins with a number is a command, and the number its request, from 2 on,
 * since request 1 lists the symbol; `=>` begins the events of the command above.
 */
export function workedExamples(markdown: string): WorkedExample[] {
  const examples: { line: number; steps: { text: string; draft: Draft; expected?: string[] }[] }[] = [];
  let open = false;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (line.startsWith("```")) {
      open = line === "```example";
      if (open) examples.push({ line: index + 1, steps: [] });
      continue;
    }
    if (!open || line.trim() === "") continue;
    const steps = examples.at(-1)?.steps ?? [];
    const command = /^(\d+) +(.*)$/.exec(line);
    if (command === null) {
      const step = steps.at(-1);
      assert(step !== undefined, `line ${index + 1}: events stand below a command`);
      step.expected = [...(step.expected ?? []), line.replace("=>", "  ").trim()];
      continue;
    }
    const [, request, text = ""] = command;
    assert(Number(request) === steps.length + 2, `line ${index + 1}: commands count from 2`);
    steps.push({ text, draft: draftOf(text) });
  }
  return examples.map(({ line, steps }) => ({
    line,
    steps: steps.map(({ text, draft, expected }) => ({ text, draft, expected })),
  }));
}

/** The events of each command of an example. */
export function play(example: WorkedExample, maker?: Pick<EngineMaker, "create">): string[][] {
  return narrate(
    example.steps.map(({ draft }) => draft),
    maker,
  );
}

type Fields = { -readonly [K in keyof PlaceOrder]?: PlaceOrder[K] };

/** Words behind an order and how many words follow them. */
const WORDS: Readonly<Record<string, (fields: Fields, value: string) => void>> = {
  by: (fields, value) => Object.assign(fields, { account: Number(value) }),
  worst: (fields, value) => Object.assign(fields, { worstPriceTicks: Number(value) }),
  show: (fields, value) => Object.assign(fields, { displayLots: Number(value) }),
  minimum: (fields, value) => Object.assign(fields, { minimumLots: Number(value) }),
  stop: (fields, value) => Object.assign(fields, { stopTicks: Number(value) }),
  touched: (fields, value) => Object.assign(fields, { stopTicks: Number(value), ifTouched: true }),
  trail: (fields, value) =>
    Object.assign(
      fields,
      value.endsWith("bps") ? { trailBps: Number.parseInt(value, 10) } : { trailTicks: Number(value) },
    ),
  watch: (fields, value) =>
    Object.assign(fields, { triggerBy: value === "best" ? TRIGGER_BY.BEST : TRIGGER_BY.LAST }),
  peg: (fields, value) => Object.assign(fields, { peg: value === "mid" ? PEG.MID : PEG.BEST }),
  stp: (fields, value) =>
    Object.assign(fields, { selfTrade: SELF_TRADE[value.toUpperCase() as keyof typeof SELF_TRADE] }),
  client: (fields, value) => Object.assign(fields, { clientId: Number(value) }),
  session: (fields, value) => Object.assign(fields, { session: Number(value) }),
  oco: (fields, value) => Object.assign(fields, { link: LINK.ONE_CANCELS_OTHER, linkHandle: Number(value) }),
  child: (fields, value) => Object.assign(fields, { link: LINK.CHILD, linkHandle: Number(value) }),
  awaits: (fields, value) => Object.assign(fields, { awaits: Number(value) }),
  day: (fields, value) =>
    Object.assign(fields, { timeInForce: TIME_IN_FORCE.DAY, expireAtMs: Number(value) }),
  gtd: (fields, value) =>
    Object.assign(fields, { timeInForce: TIME_IN_FORCE.GTD, expireAtMs: Number(value) }),
  ms: (fields, value) => Object.assign(fields, { atMs: Number(value) }),
};

const MARKS: Readonly<Record<string, Fields>> = {
  ioc: { timeInForce: TIME_IN_FORCE.IOC },
  fok: { timeInForce: TIME_IN_FORCE.FOK },
  "post-only": { postOnly: true },
  slide: { postOnly: true, slide: true },
  hidden: { hidden: true },
  "reduce-only": { reduceOnly: true },
};

/** What a line says: `buy 5 at 100 by 2 ioc`, `amend 2 to 3 at 101`, `bands 95 105 limit 1000`. */
function draftOf(text: string): Draft {
  const [verb = "", first = "", ...rest] = text.split(/\s+/);
  const pairs = Object.fromEntries(rest.map((word, index) => [word, Number(rest[index + 1])]));
  const at = "ms" in pairs ? { atMs: pairs.ms ?? 0 } : {};
  switch (verb) {
    case "buy":
    case "sell":
      return orderOf(verb, Number(first), rest);
    case "replace":
      return {
        ...orderOf(rest[0] ?? "", Number(rest[1]), rest.slice(2)),
        kind: "replace",
        handle: Number(first),
      } as Draft;
    case "amend":
      return {
        kind: "amend",
        handle: Number(first),
        quantityLots: pairs.to ?? 0,
        priceTicks: pairs.at ?? 0,
        ...at,
      };
    case "cancel":
      return first === "client"
        ? { kind: "cancelByClientId", clientId: Number(rest[0]), account: pairs.by ?? 1 }
        : { kind: "cancel", handle: Number(first), ...at };
    case "mass-cancel":
      return {
        kind: "massCancel",
        account: first === "all" ? ANY : Number(first),
        symbol: first === "all" || rest.includes("here") ? 0 : ANY,
        side: rest.includes("buys") ? 0 : rest.includes("sells") ? 1 : ANY,
      };
    case "bands":
      return {
        kind: "setBands",
        symbol: 0,
        lowerTicks: Number(first),
        upperTicks: Number(rest[0]),
        limitStateMs: pairs.limit ?? 0,
      };
    case "limits":
      return { kind: "setLimits", symbol: 0, maxQuantityLots: Number(first), maxPriceTicks: pairs.at ?? 0 };
    case "group":
      return { kind: "setAccountGroup", account: Number(first), group: Number(rest[0]) };
    case "position":
      return { kind: "setPosition", account: Number(first), symbol: 0, lots: Number(rest[0]) };
    case "block":
    case "unblock":
      return { kind: verb, account: Number(first) };
    case "close-session":
      return { kind: "closeSession", session: Number(first) };
    case "advance":
      return { kind: "advanceTime", atMs: Number(first) };
    case "halt":
    case "resume":
      return { kind: verb, symbol: 0 };
    case "cancel-only":
      return { kind: "cancelOnly", symbol: 0 };
    default:
      throw new Error(`an example's command is known, got: ${text}`);
  }
}

function orderOf(verb: string, quantityLots: number, words: readonly string[]): Draft {
  const fields: Fields = {};
  let priceTicks = 0;
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    const mark = MARKS[word];
    const set = WORDS[word];
    if (mark !== undefined) Object.assign(fields, mark);
    else if (word === "market") fields.type = ORDER_TYPE.MARKET;
    else if (word === "at") priceTicks = Number(words[++index]);
    else if (set !== undefined) set(fields, words[++index] ?? "");
    else throw new Error(`an example's word is known, got: ${word}`);
  }
  return order(verb === "buy" ? 0 : 1, quantityLots, priceTicks, fields);
}
