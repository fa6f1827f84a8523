import fc from "fast-check";
import type { Day, Step } from "./day.ts";
import { randomStep } from "./random-day.ts";

const MOST_STEPS = 90;

/** What a broker loses: a little of some logs, or of all, as from a disk that was put back. */
const loss: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("lose-ends" as const),
  partitions: fc.oneof(
    { weight: 3, arbitrary: fc.array(fc.nat({ max: 9_999 }), { minLength: 1, maxLength: 30 }) },
    { weight: 1, arbitrary: fc.constant("all" as const) },
  ),
  records: fc.integer({ min: 1, max: 12 }),
  isHeardOf: fc.boolean(),
});

/** A day with a broker that loses what it has acknowledged. */
export const randomLossyDay: fc.Arbitrary<Day> = fc.noBias(
  fc.record({
    hour: fc.constant("morning" as const),
    processes: fc.integer({ min: 1, max: 2 }),
    steps: fc.array(fc.oneof({ weight: 14, arbitrary: randomStep }, { weight: 1, arbitrary: loss }), {
      minLength: 1,
      maxLength: MOST_STEPS,
      size: "max",
    }),
  }),
);
