import { parseArgs } from "node:util";
import { optionsOrExit, wholeNumber } from "@bourse/command-line";
import { crashEverywhere } from "./crash/crash-everywhere.ts";
import { reproduce, type WantedPoint } from "./crash/reproduce.ts";
import { FLOWS } from "./flows/all-flows.ts";
import { OUTCOMES, type Outcome } from "./ports/crash-gate.ts";

const USAGE = `npm run test:crash-points [-- --flow <name>]... [--at <call> --outcome <outcome>] [--workers <n>]

  without --at     every crash point of the flows (default: of all flows), with its count
  with --at        one point, told in full: how a failing line is reproduced
  --list           the flows`;

interface CrashPointOptions {
  readonly list: boolean;
  readonly flows: readonly string[];
  readonly workers: number;
  /** One point, or one call with all its outcomes; undefined: every point of the flows. */
  readonly point: WantedPoint | undefined;
}

process.exitCode = await main(optionsOrExit(readOptions, USAGE));

async function main({ list, flows, workers, point }: CrashPointOptions): Promise<number> {
  if (list) {
    for (const { name, about } of FLOWS) console.log(`${name.padEnd(20)} ${about}`);
    return 0;
  }
  return point === undefined ? await crashEverywhere(flows, workers) : await reproduce(point);
}

function readOptions(args: readonly string[]): CrashPointOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      flow: { type: "string", multiple: true, default: [] },
      at: { type: "string" },
      outcome: { type: "string" },
      workers: { type: "string", default: "2" },
      list: { type: "boolean", default: false },
    },
  });
  const { flow, at, outcome, workers, list } = values;
  for (const name of flow)
    if (!FLOWS.some((known) => known.name === name))
      throw new Error(`--flow is "${name}"; allowed are ${FLOWS.map((known) => known.name).join(", ")}`);
  return {
    list,
    flows: flow.length === 0 ? FLOWS.map(({ name }) => name) : flow,
    workers: wholeNumber("--workers", workers),
    point: pointOf(flow, at, outcome),
  };
}

function pointOf(flows: readonly string[], at?: string, outcome?: string): WantedPoint | undefined {
  if (at === undefined) {
    if (outcome !== undefined) throw new Error("--outcome wants --at, the call that it is the outcome of");
    return undefined;
  }
  const [flow] = flows;
  if (flow === undefined || flows.length > 1) throw new Error("--at wants one --flow, whose call it is");
  return {
    flow,
    at: wholeNumber("--at", at),
    ...(outcome === undefined ? {} : { outcome: outcomeNamed(outcome) }),
  };
}

function outcomeNamed(word: string): Outcome {
  const outcome = OUTCOMES.find((known) => known === word);
  if (outcome === undefined) throw new Error(`--outcome is "${word}"; allowed are ${OUTCOMES.join(", ")}`);
  return outcome;
}
