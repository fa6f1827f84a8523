/** What a step found: `problems` is empty where all is well. */
export interface StepReport {
  /** How many files it looked at: a step that looked at none has failed. */
  readonly files: number;
  readonly problems: string;
}
