import type { Matching } from "./matching.ts";
import type { MatchingProgram } from "./shard/matching-program.ts";

/** So often it is begun anew where commands come meanwhile; in a market that never stands still it is then made in one turn. */
const TRIES = 5;

/** The hash of a large book takes long: others go on while it is made. It is of the book as it is at the end. */
export async function stateHashOf(
  { timer }: Pick<Matching, "timer">,
  program: MatchingProgram,
): Promise<string> {
  for (let tries = 0; tries < TRIES; tries++) {
    const steps = program.stateHashSteps();
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) await timer.sleep(0);
    if (step.value !== null) return step.value;
  }
  return program.stateHash();
}
