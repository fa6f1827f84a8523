import { type Random, seededRandom } from "@bourse/base";
import type { Fault } from "./faults/fault.ts";
import type { ChaosOptions } from "./options.ts";

/** The faults that were asked for. Throws where a word of `--only` is in no name. */
export function selectFaults(
  matrix: readonly Fault[],
  { only, buses }: Pick<ChaosOptions, "only" | "buses">,
): readonly Fault[] {
  const here = matrix.filter(({ bus }) => buses.includes(bus));
  const missed = only.find((word) => !here.some(({ name }) => name.includes(word)));
  if (missed !== undefined)
    throw new Error(`--only ${missed}: no fault on ${buses.join(" or ")} has it; --list names them all`);
  return only.length === 0 ? here : here.filter(({ name }) => only.some((word) => name.includes(word)));
}

/**
 * Passes through all faults without an end, each in another seeded order. Those that can share a platform follow each
 * other, because a start takes as long as a round.
 */
export function* passes(faults: readonly Fault[], seed: number): Generator<readonly Fault[], never> {
  const random = seededRandom(seed);
  for (;;) {
    const groups = Map.groupBy(shuffled(faults, random), groupOf);
    yield [...groups.values()].flat();
  }
}

/** Faults of one group run on one platform. */
export function groupOf({ bus, smallDisks = false }: Fault): string {
  return `${bus}${smallDisks ? " on small disks" : ""}`;
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}
