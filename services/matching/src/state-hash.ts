import { inTurns } from "@bourse/base";
import type { Matching } from "./matching.ts";
import type { MatchingProgram } from "./shard/matching-program.ts";

/** How often it is restarted because a command came in between. In a market that never rests, it is then done in one turn. */
const TRIES = 5;

/** The hash of a large book takes long: other work runs meanwhile. It is that of the book at the end. */
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
