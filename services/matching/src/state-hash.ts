import { inTurns } from "@bourse/base";
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
    while (program.isWorking) await timer.sleep(0);
    const hash = await inTurns(timer, program.stateHashSteps());
    if (hash !== null) return hash;
  }
  while (program.isWorking) await timer.sleep(0);
  return program.stateHash();
}
