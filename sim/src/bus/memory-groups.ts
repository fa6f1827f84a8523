import { MemoryGroup } from "./memory-group.ts";
import type { MemoryLog } from "./memory-log.ts";

/** The groups that have or had members, by name: of one process, or of all that share them. */
export class MemoryGroups {
  readonly #log: MemoryLog;
  readonly #groups = new Map<string, MemoryGroup>();

  constructor(log: MemoryLog) {
    this.#log = log;
  }

  of(name: string): MemoryGroup {
    const group = this.#groups.get(name) ?? new MemoryGroup(this.#log);
    this.#groups.set(name, group);
    return group;
  }

  names(): Iterable<string> {
    return this.#groups.keys();
  }

  membersOf(name: string): number {
    return this.#groups.get(name)?.members.size ?? 0;
  }

  rebalance(): void {
    for (const group of this.#groups.values()) group.rebalance();
  }
}
