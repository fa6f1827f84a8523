import { createHook } from "node:async_hooks";

/** Requests of the machine's files that have not come back. */
const pending = new Set<number>();

createHook({
  init: (id, type) => {
    if (type.startsWith("FSREQ")) pending.add(id);
  },
  after: (id) => pending.delete(id),
  destroy: (id) => pending.delete(id),
  trackPromises: false,
}).enable();

/**
 * Whether something reads or writes a file: what still goes past the ports (the voided commands beside the snapshots, the
 * gauge of the disk).
 */
export function isFileWorkPending(): boolean {
  return pending.size > 0;
}
