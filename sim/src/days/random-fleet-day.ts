import fc from "fast-check";
import type { Day, Step } from "./day.ts";
import { randomStep } from "./random-day.ts";

const MOST_STEPS = 100;

const process = fc.nat({ max: 2 });
const beside = fc.boolean();

/** What happens to processes of which there are several. */
const fleetStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("restart" as const), process, beside }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("kill" as const), process }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("pause" as const),
      process,
      ms: fc.constantFrom(50, 1_500, 2_500, 6_000, 12_000, 25_000),
    }),
  },
);

/** A day on which two or three processes share all work. */
export const randomFleetDay: fc.Arbitrary<Day> = fc.noBias(
  fc.record({
    hour: fc.constantFrom("morning" as const, "morning" as const, "before-midnight" as const),
    processes: fc.integer({ min: 2, max: 3 }),
    clocksApartMs: fc.constantFrom(0, 0, 20, 900),
    steps: fc.array(fc.oneof({ weight: 12, arbitrary: randomStep }, { weight: 1, arbitrary: fleetStep }), {
      minLength: 1,
      maxLength: MOST_STEPS,
      size: "max",
    }),
  }),
);
