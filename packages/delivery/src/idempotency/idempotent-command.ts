/** A command and who gives it. Keys of different principals or scopes never meet. */
export interface IdempotentCommand {
  /** `account:alice`, `operator:<key id>`, a job's name. */
  readonly principal: string;
  /** What kind of command: method and path of a route. */
  readonly scope: string;
  /** The caller's: 1 to 96 visible characters. */
  readonly key: string;
  /** `bodyHash` of all that the command says. */
  readonly bodyHash: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, and no secret in it: it is kept for a day. */
  readonly body: unknown;
}

export interface IdempotencyBounds {
  /** How long an answer is kept at least. */
  readonly keepMs: number;
  readonly maxRows: number;
  readonly maxRowsOfPrincipal: number;
  readonly cleanBatch: number;
}
