import type { PartitionLog } from "./partition-log.ts";
import type { LogStatements } from "./statements.ts";

/** What groups have committed: in memory, and what of it is not written yet. */
export interface GroupOffsets {
  readonly all: ReadonlyMap<string, ReadonlyMap<PartitionLog, number>>;
  readonly hasUnwritten: boolean;
  /** Remembers an offset, to be written with the next append. */
  set(group: string, log: PartitionLog, nextOffset: number): void;
  load(group: string, log: PartitionLog, nextOffset: number): void;
  /** Of a deleted partition. */
  forget(log: PartitionLog): void;
  /** Inside a transaction. */
  write(): void;
  /** After that transaction. */
  written(): void;
}

export function groupOffsets(sql: LogStatements): GroupOffsets {
  const all = new Map<string, Map<PartitionLog, number>>();
  const unwritten = new Map<string, Set<PartitionLog>>();
  const load = (group: string, log: PartitionLog, nextOffset: number): void => {
    entry(all, group, () => new Map<PartitionLog, number>()).set(log, nextOffset);
  };
  return {
    all,
    get hasUnwritten() {
      return unwritten.size > 0;
    },
    set: (group, log, nextOffset) => {
      load(group, log, nextOffset);
      entry(unwritten, group, () => new Set<PartitionLog>()).add(log);
    },
    load,
    forget: (log) => {
      for (const offsets of all.values()) offsets.delete(log);
      for (const logs of unwritten.values()) logs.delete(log);
    },
    write: () => {
      for (const [group, logs] of unwritten) {
        for (const log of logs) {
          const offset = all.get(group)?.get(log);
          if (offset !== undefined) sql.setGroupOffset(group, log.number, offset);
        }
      }
    },
    written: () => {
      if (unwritten.size > 0) unwritten.clear();
    },
  };
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const made = make();
  map.set(key, made);
  return made;
}
