import { inTurns } from "@bourse/base";
import { orderEvents } from "@bourse/contracts";
import { readVoided, replayTopic } from "@bourse/delivery";
import type { Invariant, InvariantReport } from "@bourse/host";
import { folderOf, type Matching } from "./matching.ts";
import { MatchingProgram } from "./shard/matching-program.ts";
import { stateHashOf } from "./state-hash.ts";

export const matchingInvariants: readonly Invariant<Matching>[] = [
  {
    name: "books-equal-replay",
    rule: "each partition's books have the state hash of a replay of its log; checked where retention has deleted nothing of the log",
    check: booksEqualReplay,
  },
];

/** R8: the engine is a function of its log, so a second one that reads it must come to the same state. */
async function booksEqualReplay(matching: Matching): Promise<InvariantReport> {
  const violations: string[] = [];
  let [checked, unchecked] = [0, 0];
  const cut = new Set<number>();
  for (const { partition, earliest, latest } of await matching.bus.offsets(orderEvents.name)) {
    if (earliest > 0n) cut.add(partition);
    // Another instance has its books.
    if (!matching.programs.has(partition)) unchecked += Number(latest - earliest);
  }
  for (const [partition, live] of matching.programs) {
    // Commands that retention has dropped can't be replayed: their effects are in snapshots alone.
    if (cut.has(partition)) continue;
    const found = await stateHashOf(matching, live);
    const replayed = new MatchingProgram();
    replayed.restore(null);
    const voided = new Set((await readVoided(folderOf(matching, partition))).map(({ sequence }) => sequence));
    for await (const batch of replayTopic(matching.bus, orderEvents, partition)) {
      for (const command of batch) {
        if (voided.has(command.sequence)) {
          replayed.void(command, () => {});
          continue;
        }
        const rest = replayed.applySteps(command, () => {});
        if (rest !== null) await inTurns(matching.timer, rest);
      }
      checked += batch.length;
    }
    const expected = await stateHashOf(matching, replayed);
    if (expected !== found)
      violations.push(`partition ${partition} has state ${found}; its log replays to ${expected}`);
  }
  return { checked, violations, ...(unchecked > 0 ? { unchecked } : {}) };
}
