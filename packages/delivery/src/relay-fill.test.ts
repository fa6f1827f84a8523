import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { readHeads } from "./relay-resume.ts";
import { commands, everything, numbered, placed, sendAll, sequencesOf } from "./testing/fixtures.ts";
import { commit, given, instance } from "./testing/relays.ts";
import {
  appliedUpTo,
  beginningOf,
  lossyBroker,
  type MortalInstance,
  mortalInstance,
} from "./testing/troubled-relays.ts";

const RUNS = 60;

/** Numbers that follow each other in a log. */
interface Piece {
  readonly from: number;
  readonly count: number;
}

interface Step {
  /** Which instance commits and is in trouble. */
  readonly by: number;
  readonly commits: number;
  readonly trouble:
    | { readonly kind: "none" | "lost" | "unknown" | "drain" }
    /** So many percent of the log are left. */
    | { readonly kind: "loss"; readonly left: number }
    /** The instance dies at one of its next calls. */
    | { readonly kind: "death"; readonly after: number }
    | { readonly kind: "time"; readonly ms: number };
  /** How far everything gets before the next step. */
  readonly turns: number;
}

const pieces = fc.array(
  fc.record({ from: fc.integer({ min: 1, max: 9 }), count: fc.integer({ min: 1, max: 4 }) }),
  { maxLength: 5 },
);

const steps = fc.array(
  fc.record({
    by: fc.nat({ max: 1 }),
    commits: fc.nat({ max: 3 }),
    trouble: fc.oneof(
      fc.record({ kind: fc.constantFrom("none", "lost", "unknown", "drain") }),
      fc.record({ kind: fc.constant("loss"), left: fc.nat({ max: 100 }) }),
      fc.record({ kind: fc.constant("death"), after: fc.nat({ max: 40 }) }),
      fc.record({ kind: fc.constant("time"), ms: fc.nat({ max: 3_000 }) }),
    ),
    turns: fc.nat({ max: 20 }),
  }),
  { maxLength: 20 },
);

/** `told`: the broker is asked for its end before a send, so that no gap is written. */
interface Troubles {
  readonly relays: number;
  readonly told: boolean;
  /** What the log has before the first relay starts, of the first nine numbers. */
  readonly before: readonly Piece[];
  readonly steps: readonly Step[];
}

/** How many were committed, and the numbers of the log in the end. */
async function filled(
  ends: (() => Promise<void> | void)[],
  { relays, told, before, steps: all }: Troubles,
): Promise<{ readonly count: number; readonly log: readonly number[] }> {
  const t = { after: (end: () => Promise<void> | void) => void ends.push(end) };
  const real = await given(t);
  const { bus, comesBackAs } = lossyBroker(real.bus, told);
  const shared = { ...real, bus };
  const { time } = shared;
  const committed = Array.from({ length: 9 }, (_, n) => placed(n));
  if (before.length > 0) await commit(instance(shared).delivery, ...committed);
  for (const { from, count } of before) {
    const sequences = Array.from({ length: Math.min(count, 10 - from) }, (_, n) => from + n);
    await sendAll(
      bus,
      commands,
      0,
      sequences.map((sequence) => numbered(commands, 0, sequence)),
    );
  }
  // An instance that ends before it has noted a gap tells the other one nothing (decision 0065).
  const mortal = (): MortalInstance => mortalInstance(shared, { notesGaps: relays > 1 && !told });
  const started = async (): Promise<MortalInstance> => {
    const next = mortal();
    await time.finish("it has started", next.relay.start());
    return next;
  };
  const instances: MortalInstance[] = [];
  while (instances.length < relays) instances.push(await started());
  for (const { by, commits, trouble, turns } of all) {
    const nth = by % relays;
    let one = instances[nth] ?? assert.fail();
    if (one.isDead) {
      one = mortal();
      instances[nth] = one;
      // It may die while it starts.
      if (trouble.kind === "death") one.diesAfter(trouble.after);
      await time.finish("it has started, or is dead", Promise.race([one.relay.start(), one.end]));
    } else if (trouble.kind === "death") one.diesAfter(trouble.after);
    const events = Array.from({ length: commits }, (_, n) => placed(n));
    if (commits > 0) await Promise.race([commit(one.delivery, ...events), one.end]);
    if (trouble.kind === "lost" || trouble.kind === "unknown") one.faults.failNext(trouble.kind);
    if (trouble.kind === "time") await time.advance(trouble.ms);
    if (trouble.kind === "loss") {
      const { length } = await everything(bus, commands, 0);
      comesBackAs(await beginningOf(t, bus, Math.floor((length * trouble.left) / 100)));
    }
    if (trouble.kind === "drain" && !one.isDead) {
      await time.finish("it is drained, or dead", Promise.race([one.relay.drain(), one.end]));
      one.dies();
    }
    for (let turn = 0; turn < turns; turn++) await setImmediate();
  }
  for (const each of instances) each.dies();
  for (const nth of instances.keys()) instances[nth] = await started();
  // Also what was lost last is looked at.
  await time.advance(100_000);
  for (const { relay } of instances) {
    assert.deepEqual(relay.unready(), []);
    assert.deepEqual([...relay.backlog().values()], [0]);
    await time.finish("it is drained", relay.drain());
  }
  const head = (await readHeads(shared.store)).get(`${commands.name}/0`);
  return { count: (head?.next ?? 1) - 1, log: sequencesOf(await everything(bus, commands, 0)) };
}

for (const relays of [1, 2])
  for (const told of [true, false])
    test(`R4: whatever a log has lost, and wherever ${relays} relays end while they fill it${told ? "" : " behind a gap"}: it has every number`, async () => {
      await fc.assert(
        fc.asyncProperty(pieces, steps, async (before, all) => {
          const ends: (() => Promise<void> | void)[] = [];
          try {
            const { count, log } = await filled(ends, {
              relays,
              told,
              before,
              steps: all as readonly Step[],
            });
            assert.equal(appliedUpTo(log), count, `the log: ${log}`);
          } finally {
            for (const end of ends.reverse()) await end();
          }
        }),
        { numRuns: RUNS },
      );
    });
