/**
 * Order commands, execution reports, trades and book changes of a symbol share the partition number (R8), so these
 * topics have equal counts. A change is a new version of the topics after a drain (R3).
 */
export const SHARDED_PARTITIONS = 4;
export const ACCOUNT_PARTITIONS = 4;
/** A generated stream serves groups of many processors. */
export const STREAM_PARTITIONS = 12;

const DAY_MS = 86_400_000;
/** Longer than the oldest engine snapshot that is kept. */
export const SHARDED_RETENTION_MS: number = 30 * DAY_MS;
export const HISTORY_RETENTION_MS: number = 30 * DAY_MS;
export const CONFLATED_RETENTION_MS: number = DAY_MS;
export const STREAM_RETENTION_MS: number = 7 * DAY_MS;
