import assert from "node:assert/strict";
import { createHash, type Hash } from "node:crypto";
import { test } from "node:test";
import { Desk } from "../testing.ts";
import { randomLog } from "../testing-commands.ts";
import { PROGRAM_SNAPSHOT_FORMAT } from "./program-snapshot.ts";

const COMMANDS = 1_000;

/**
 * Of a log by its seed: of itself, of all that was told of it, and of the snapshot at its end (SHA-256, 16 digits). Markets
 * of 3 and 6 resume at their bands; in 107 what a command's time ends has to come before what is looked up for it.
 */
const RECORDED = [
  { seed: 1, log: "371047fb18e28c90", outputs: "452e6a05bb83fe80", snapshot: "ce71120d4f5f1a42" },
  { seed: 3, log: "6b30a9acb26221da", outputs: "3f9432deee72719c", snapshot: "1af12922d3418a73" },
  { seed: 6, log: "46c860dacee7949f", outputs: "eb31d3f769027667", snapshot: "e11f5db4e8bb0fe9" },
  { seed: 107, log: "53c1500769a79475", outputs: "a794e075c6598b5b", snapshot: "aadc8b4aa0e25742" },
];
const RECORDED_FORMAT = "3.2.2";

const digest = (hash: Hash): string => hash.digest("hex").slice(0, 16);

// Decision 0062. Whoever starts a new version over an old log makes the log's outputs again and compares them with the
// topics byte for byte (R8): a field more, or another order of events, stops the partition for good.
for (const recorded of RECORDED) {
  test(`R8: a log of before has the outputs of before, and leaves the same snapshot: seed ${recorded.seed}`, () => {
    const desk = new Desk();
    const [log, outputs] = [createHash("sha256"), createHash("sha256")];
    for (const entry of randomLog(recorded.seed, COMMANDS)) {
      log.update(JSON.stringify(entry));
      desk.sequence = entry.sequence - 1;
      desk.timeMs = entry.timeMs;
      outputs.update(JSON.stringify(desk.tell(entry.event)));
    }
    assert.equal(
      digest(log),
      recorded.log,
      "the log itself is another one: record it anew with an engine that is unchanged",
    );
    assert.equal(
      digest(outputs),
      recorded.outputs,
      "these outputs are not those of before: a log that has them would stop. Another rule is another version",
    );
    assert.equal(PROGRAM_SNAPSHOT_FORMAT, RECORDED_FORMAT);
    assert.equal(
      digest(createHash("sha256").update(desk.program.snapshot())),
      recorded.snapshot,
      "a snapshot is written in another way: one of before would not be restored. Another way is another format",
    );
  });
}
