import { createHash } from "node:crypto";
import { CommandWords, createBinaryEngine, ENGINE_VERSION, type EventRing } from "@bourse/engine";
import { readPayload, runCommands } from "../replay.ts";
import { walkJournal } from "../walk-journal.ts";

/** Replays a journal and prints what came of it: hashes of all events and of the engine's snapshot, and the state hash. */
const [folder = ""] = process.argv.slice(2);
const events = createHash("sha256");

function read(ring: EventRing): void {
  for (let at = ring.first(); at !== -1; at = ring.after(at)) {
    const words = ((ring.i32[at * 2] as number) >>> 8) & 255;
    events.update(new Uint8Array(ring.f64.buffer, at * 8, words * 8));
  }
  ring.releaseTo(-1);
}

const engine = createBinaryEngine({ onFull: read });
let words = new CommandWords(1);
const end = walkJournal({ folder, knows: (version) => version === ENGINE_VERSION }, ({ payload }) => {
  words = readPayload(payload, words);
  runCommands(engine, words, read);
});
const snapshot = createHash("sha256").update(engine.snapshot()).digest("hex");
const found = {
  commands: end?.sequence,
  chain: Buffer.from(end?.hash ?? []).toString("hex"),
  events: events.digest("hex"),
  snapshot,
  stateHash: engine.stateHash(),
};
process.stdout.write(`${JSON.stringify(found)}\n`);
