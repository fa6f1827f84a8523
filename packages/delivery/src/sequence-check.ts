/** How far a producer's numbers of one partition have been applied. */
export interface Position {
  readonly epoch: number;
  readonly sequence: number;
}

/** `gap` and `epoch_ahead` stop the partition: what lies between was lost, or the producer was recovered (R5, R6). */
export type Verdict = "apply" | "drop" | "gap" | "epoch_ahead";

/** What an EpochStarted record says of the epoch before it (R6). */
export interface EpochStart {
  readonly previousEpoch: number;
  readonly previousSequence: number;
}

/**
 * R5 for `exact` topics: the next number applies, an older one was applied already, a later one means that something
 * is missing. A higher epoch is taken from its EpochStarted only (`start`), and a lower one is dropped (R6).
 * `unmarked` says what to do without a mark: `first` accepts sequence 1 only, `any` takes what comes first as the
 * beginning (views, which keep nothing).
 */
export function judgeExact(
  mark: Position | undefined,
  record: Position,
  options: { readonly unmarked?: "first" | "any"; readonly start?: EpochStart | undefined } = {},
): Verdict {
  const { unmarked = "first", start } = options;
  if (mark === undefined) return record.sequence === 1 || unmarked === "any" ? "apply" : "gap";
  if (record.epoch < mark.epoch) return "drop";
  if (record.epoch > mark.epoch) return start === undefined ? "epoch_ahead" : judgeStart(mark, start);
  if (record.sequence <= mark.sequence) return "drop";
  return record.sequence === mark.sequence + 1 ? "apply" : "gap";
}

/** Whoever has not applied the epoch before to its end lacks what came then. */
function judgeStart(mark: Position, { previousEpoch, previousSequence }: EpochStart): Verdict {
  const reached = mark.epoch === previousEpoch && mark.sequence >= previousSequence;
  return reached ? "apply" : "gap";
}

/** R7 for `latest` topics: newer replaces older, nothing is ever missing. */
export function judgeLatest(mark: Position | undefined, record: Position): Verdict {
  if (mark === undefined || record.epoch > mark.epoch) return "apply";
  if (record.epoch < mark.epoch) return "drop";
  return record.sequence > mark.sequence ? "apply" : "drop";
}
