import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { optionsOrExit, wholeNumber } from "@bourse/command-line";
import fc from "fast-check";
import type { Day } from "./day.ts";
import type { DayResult, DayStage } from "./day-stage.ts";
import type { Told } from "./live-day.ts";
import { randomDay } from "./random-day.ts";
import { randomFleetDay } from "./random-fleet-day.ts";
import { randomLossyDay } from "./random-lossy-day.ts";
import { smallerDay } from "./smaller-day.ts";

const USAGE = `npm run test:random [-- --seeds <n>] [--from <seed>] [--shrink-seconds <s>] [--fleet | --lossy]
npm run test:random -- --day <file>

  --seeds           how many days (default: 100), each of its own seed
  --from            the seed of the first (default: 1)
  --shrink-seconds  how long a day that fails is made smaller (default: 120; 0: not at all)
  --fleet           days on which two or three processes share all work
  --lossy           days on which the broker loses the ends of logs
  --day             the day in this file instead, as a failing one was printed; tells every request and answer`;

interface DaysOptions {
  readonly seeds: number;
  readonly from: number;
  readonly shrinkMs: number;
  readonly days: fc.Arbitrary<Day>;
  /** The file of one day, in place of seeds. */
  readonly dayFile: string | undefined;
}

process.exitCode = await main(optionsOrExit(readOptions, USAGE));

async function main({ dayFile, ...wanted }: DaysOptions): Promise<number> {
  const day: Day | undefined = dayFile === undefined ? undefined : JSON.parse(readFileSync(dayFile, "utf8"));
  // Not before: who asks for the usage does not wait for the platform's modules.
  const { DayStage } = await import("./day-stage.ts");
  const stage = await DayStage.open();
  try {
    return day === undefined ? await runSeeds(stage, wanted) : await tellDay(stage, day);
  } finally {
    await stage.close();
  }
}

function readOptions(args: readonly string[]): DaysOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "100" },
      from: { type: "string", default: "1" },
      "shrink-seconds": { type: "string", default: "120" },
      fleet: { type: "boolean", default: false },
      lossy: { type: "boolean", default: false },
      day: { type: "string" },
    },
  });
  const { seeds, from, fleet, lossy, day } = values;
  if (fleet && lossy) throw new Error("--fleet and --lossy are days of two kinds: give one of them");
  return {
    seeds: wholeNumber("--seeds", seeds),
    from: wholeNumber("--from", from, { least: 0 }),
    shrinkMs: wholeNumber("--shrink-seconds", values["shrink-seconds"], { least: 0 }) * 1_000,
    days: lossy ? randomLossyDay : fleet ? randomFleetDay : randomDay,
    // npm moves to the root before it runs a script, and says where the person stands.
    dayFile: day === undefined ? undefined : resolve(process.env.INIT_CWD ?? "", day),
  };
}

async function runSeeds(
  stage: DayStage,
  { seeds, from, shrinkMs, days }: Omit<DaysOptions, "dayFile">,
): Promise<number> {
  const started = performance.now();
  const totals = { requests: 0, trades: 0, faults: 0, boots: 0 };
  const answers = new Map<string, number>();
  let failed = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const [day] = fc.sample(days, { seed, numRuns: 1 });
    if (day === undefined) continue;
    const result = await stage.run(day);
    totals.requests += result.told.length;
    totals.trades += result.trades;
    totals.faults += result.happened.length;
    totals.boots += result.boots;
    for (const told of result.told) answers.set(wordsOf(told), (answers.get(wordsOf(told)) ?? 0) + 1);
    if (result.violations.length > 0) {
      failed += 1;
      console.log(`FAILED --seeds 1 --from ${seed}   # ${result.violations.join("\n  ")}`);
      if (shrinkMs > 0) {
        const until = performance.now() + shrinkMs;
        const smallest = await smallerDay(day, {
          fails: async (each) => (await stage.run(each)).violations.length > 0,
          isOver: () => performance.now() > until,
        });
        console.log(JSON.stringify(smallest));
      }
    } else if ((seed - from) % 25 === 24) console.log(`${seed - from + 1} of ${seeds}`);
  }
  for (const [words, count] of [...answers].sort(([, a], [, b]) => b - a))
    console.log(`  ${String(count).padStart(7)}  ${words}`);
  const seconds = ((performance.now() - started) / 1_000).toFixed(0);
  const { requests, trades, faults, boots } = totals;
  console.log(
    `${seeds} days, ${failed} failed, ${seconds} s: ${requests} requests, ${trades} trades, ${faults} faults, ${boots} boots`,
  );
  return failed === 0 ? 0 : 1;
}

async function tellDay(stage: DayStage, day: Day): Promise<number> {
  const { told, happened, violations }: DayResult = await stage.run(day);
  for (const { request, began, ended, status, body } of told) {
    const sent = JSON.stringify({ ...request.query, ...request.body });
    console.log(
      `${began}-${ended} ${request.method} ${request.path} ${sent}\n    ${status} ${JSON.stringify(body)}`,
    );
  }
  for (const fault of happened) console.log(`fault: ${fault}`);
  for (const violation of violations) console.log(`violated: ${violation}`);
  return violations.length === 0 ? 0 : 1;
}

function wordsOf({ status, body }: Told): string {
  return status < 400 ? String(status) : `${status} ${body.code}`;
}
