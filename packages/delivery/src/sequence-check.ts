/** How far a producer's numbers of one partition have been applied. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/** `gap` and `epoch_ahead` stop the partition: what lies between was lost, or the producer was recovered (R5, R6). */
export type Verdict = "apply" | "drop" | "gap" | "epoch_ahead";

/**
 * R5 for `exact` topics: the next number applies, an older one was applied already, a later one means that something
 * is missing. `unmarked` says what to do without a mark: `first` accepts sequence 1 only, `any` takes what comes
 * first as the beginning (views, which keep nothing).
 */
export function judgeExact(
  mark: Position | undefined,
  record: Position,
  unmarked: "first" | "any" = "first",
): Verdict {
  if (mark === undefined) return record.sequence === 1 || unmarked === "any" ? "apply" : "gap";
  if (record.epoch < mark.epoch) return "drop";
  if (record.epoch > mark.epoch) return "epoch_ahead";
  if (record.sequence <= mark.sequence) return "drop";
  return record.sequence === mark.sequence + 1 ? "apply" : "gap";
}

/** R7 for `latest` topics: newer replaces older, nothing is ever missing. */
export function judgeLatest(mark: Position | undefined, record: Position): Verdict {
  if (mark === undefined || record.epoch > mark.epoch) return "apply";
  if (record.epoch < mark.epoch) return "drop";
  return record.sequence > mark.sequence ? "apply" : "drop";
}
