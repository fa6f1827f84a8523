import { parseArgs } from "node:util";
import { secondsOption } from "../bench-command.ts";
import { SCENARIOS, type ScenarioName } from "./scenarios.ts";

export const USAGE = `npm run bench:growth -- [options]
  --quick           a twentieth of the growth, to see that it runs
  --json            one JSON object as the last line of stdout
  --only <name>     ${SCENARIOS.slice(1).join(", ")}: this one and the plain venue; may be given again
  --seconds <n>     how long each rate is measured after its warm-up (default 20)`;

export interface GrowthOptions {
  readonly quick: boolean;
  readonly json: boolean;
  /** The plain venue is always among them: the others are measured against it. */
  readonly scenarios: readonly ScenarioName[];
  readonly seconds: number;
}

const DEFAULT_SECONDS = 20;
const QUICK_SECONDS = 4;

/** Throws with a sentence for the person who typed it. */
export function readOptions(args: readonly string[]): GrowthOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      only: { type: "string", multiple: true },
      seconds: { type: "string" },
    },
  });
  const { quick, json, only = SCENARIOS, seconds } = values;
  const unknown = only.find((name) => !isScenario(name));
  if (unknown !== undefined) throw new Error(`--only is "${unknown}"; allowed are ${SCENARIOS.join(", ")}`);
  return {
    quick,
    json,
    scenarios: SCENARIOS.filter((name) => name === "plain" || only.includes(name)),
    seconds: secondsOption(seconds, quick ? QUICK_SECONDS : DEFAULT_SECONDS),
  };
}

function isScenario(name: string): name is ScenarioName {
  return (SCENARIOS as readonly string[]).includes(name);
}
