import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import fc from "fast-check";
import type { Day } from "./day.ts";
import { type DayResult, DayStage } from "./day-stage.ts";
import type { Told } from "./live-day.ts";
import { randomDay } from "./random-day.ts";

const USAGE = `npm run test:random [-- --seeds <n>] [--from <seed>] [--shrink-seconds <s>]
npm run test:random -- --day <file>

  --seeds           how many days (default: 100), each of its own seed
  --from            the seed of the first (default: 1)
  --shrink-seconds  how long a day that fails is made smaller (default: 120; 0: not at all)
  --day             the day in this file instead, as a failing one was printed; tells every request and answer`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "100" },
      from: { type: "string", default: "1" },
      "shrink-seconds": { type: "string", default: "120" },
      day: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const [seeds, from] = [wholeNumber("seeds", values.seeds, 1), wholeNumber("from", values.from, 0)];
  const shrinkMs = wholeNumber("shrink-seconds", values["shrink-seconds"], 0) * 1_000;
  const stage = await DayStage.open();
  try {
    if (values.day !== undefined) return await tellDay(stage, JSON.parse(readFileSync(values.day, "utf8")));
    return await runSeeds(stage, { seeds, from, shrinkMs });
  } finally {
    await stage.close();
  }
}

function wholeNumber(name: string, given: string, least: number): number {
  const number = Number(given);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name} is "${given}", wants a whole number from ${least} on`);
}

async function runSeeds(
  stage: DayStage,
  { seeds, from, shrinkMs }: { readonly seeds: number; readonly from: number; readonly shrinkMs: number },
): Promise<number> {
  const started = performance.now();
  const totals = { requests: 0, trades: 0, faults: 0, boots: 0 };
  const answers = new Map<string, number>();
  let failed = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const [day] = fc.sample(randomDay, { seed, numRuns: 1 });
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
      if (shrinkMs > 0) console.log(JSON.stringify(await smaller(stage, seed, shrinkMs)));
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

/** The smallest day that fast-check comes to in the time. */
async function smaller(stage: DayStage, seed: number, forMs: number): Promise<Day | undefined> {
  const fails = fc.asyncProperty(randomDay, async (day) => (await stage.run(day)).violations.length === 0);
  const details = await fc.check(fails, { seed, numRuns: 1, interruptAfterTimeLimit: forMs });
  return details.counterexample?.[0];
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
