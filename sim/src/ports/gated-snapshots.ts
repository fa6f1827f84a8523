import type { OpenSnapshots, Snapshot } from "@bourse/delivery";
import type { CrashGate } from "./crash-gate.ts";

/** The shards' snapshots by folder, newest last: what shared storage keeps through a crash. */
export type SnapshotDisk = Map<string, readonly Snapshot[]>;

/** R8: at least three are kept. */
const KEEP = 3;

export function gatedSnapshots(disk: SnapshotDisk, gate: CrashGate): OpenSnapshots {
  const failure = (): Error => new Error("the shared storage does not answer");
  return (folder) => ({
    newest: (accept) =>
      gate.pass(
        { port: "snapshot", what: `read ${folder}`, writes: false, lost: null, refused: null },
        () => {
          const all = [...(disk.get(folder) ?? [])].reverse();
          return all.find(({ head }) => accept(head)) ?? null;
        },
      ),
    write: (snapshot) => {
      const call = { port: "snapshot", what: `write ${folder}`, writes: true } as const;
      return gate.pass({ ...call, lost: failure, refused: failure }, () => {
        const others = (disk.get(folder) ?? []).filter(
          ({ head }) => head.sequence !== snapshot.head.sequence,
        );
        const all = [...others, { head: snapshot.head, state: snapshot.state.slice() }];
        all.sort((a, b) => a.head.sequence - b.head.sequence);
        // One for the next owner alone is there until the next one of either kind.
        const kept = all.filter(({ head }) => head.unsaved === undefined).slice(-KEEP);
        disk.set(
          folder,
          all.filter((each) => kept.includes(each) || each === all.at(-1)),
        );
      });
    },
  });
}
