import { writeSync } from "node:fs";
import { CommandWords } from "@bourse/engine";
import { EngineJournal } from "../engine-journal.ts";
import { JournalError } from "../journal-error.ts";
import { wordsAt } from "../replay.ts";
import { seededOrders } from "./orders.ts";

const [folder = "", seed = "", count = "", segmentBytes = "20000"] = process.argv.slice(2);

/**
 * Submits seeded orders one by one, in groups of 7, and says after each group how many are durable, until it is killed or
 * the disk refuses; then it says that.
 */
const journal = EngineJournal.open({
  folder,
  read: () => {},
  groupCommands: 7,
  snapshotEvery: 500,
  segmentBytes: Number(segmentBytes),
});
const orders = seededOrders(Number(seed), Number(count));
const one = new CommandWords(32);
const before = journal.durable;
let said = before;
let number = 0;
for (let at = 0; at < orders.length; ) {
  const end = at + wordsAt(orders.i32, at);
  number++;
  if (number > before) {
    one.i32.set(orders.i32.subarray(at * 2, end * 2));
    one.length = end - at;
    const durable = submit();
    if (durable > said) writeSync(1, `${durable}\n`);
    said = durable;
  }
  at = end;
}
writeSync(1, "all\n");
setInterval(() => {}, 60_000);

function submit(): number {
  try {
    return journal.submit(one);
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    writeSync(1, `${error.code}\n`);
    process.exit(0);
  }
}
