import { assert } from "@bourse/base";
import type { Rows, Statement } from "@bourse/store";
import type { Answer, IdempotencyBounds, IdempotentCommand } from "./idempotent-command.ts";

export const IDEMPOTENCY_CLAIM = "SELECT * FROM idempotency_claim($1, $2, $3, $4, $5, $6)";
export const IDEMPOTENCY_KEEP = "SELECT idempotency_keep($1, $2, $3, $4, $5, $6, $7, $8, $9)";
export const IDEMPOTENCY_CLEAN = "SELECT * FROM idempotency_clean($1, $2)";

/** What is known of a key, now that it is this transaction's. */
export type Claim = { readonly rowCount: number } & (
  | { readonly outcome: "new" }
  | { readonly outcome: "in_progress" | "table_full" | "principal_full" }
  | { readonly outcome: "known"; readonly bodyHash: string; readonly kept: KeptAnswer }
);

/** An answer as it is kept: JSON texts. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

export function claimStatement(
  { principal, scope, key }: IdempotentCommand,
  nowMs: number,
  { maxRows, maxRowsOfPrincipal }: IdempotencyBounds,
): Statement {
  return {
    text: IDEMPOTENCY_CLAIM,
    values: [principal, scope, key, nowMs, maxRows, maxRowsOfPrincipal],
  };
}

export function claimOf(rows: Rows): Claim {
  const [row = {}] = rows;
  const rowCount = Number(row.row_count);
  switch (row.outcome) {
    case "new":
    case "in_progress":
    case "table_full":
    case "principal_full":
      return { outcome: row.outcome, rowCount };
    default:
      assert(row.outcome === "known", "a claim has one of five outcomes");
      return {
        outcome: "known",
        rowCount,
        bodyHash: String(row.known_hash),
        kept: {
          status: Number(row.known_status),
          headers: String(row.known_headers),
          body: String(row.known_body),
        },
      };
  }
}

export function keepStatement(
  { principal, scope, key, bodyHash }: IdempotentCommand,
  { status, headers, body }: KeptAnswer,
  times: { readonly nowMs: number; readonly expiresMs: number },
): Statement {
  return {
    text: IDEMPOTENCY_KEEP,
    values: [principal, scope, key, bodyHash, status, headers, body, times.nowMs, times.expiresMs],
  };
}

export function cleanStatement(nowMs: number, maxRows: number): Statement {
  return { text: IDEMPOTENCY_CLEAN, values: [nowMs, maxRows] };
}

/** Of the headers those that are part of what was said; the others belong to one connection or one attempt. */
const KEPT_HEADERS = new Set(["content-type", "location", "etag"]);
/** An answer says what was done; pages and files are no answers to a command. */
const MAX_BODY_CHARACTERS = 65_536;

export function keptAnswer({ status, headers = {}, body }: Answer): KeptAnswer {
  assert(typeof body !== "string" && !(body instanceof Uint8Array), "what is kept is an answer in JSON");
  const text = JSON.stringify(body ?? null);
  assert(text.length <= MAX_BODY_CHARACTERS, "an answer that is kept has at most 65,536 characters");
  const kept = Object.entries(headers).filter(([name]) => KEPT_HEADERS.has(name.toLowerCase()));
  return { status, headers: JSON.stringify(Object.fromEntries(kept)), body: text };
}

export function answerOf({ status, headers, body }: KeptAnswer): Answer {
  return { status, headers: JSON.parse(headers) as Record<string, string>, body: JSON.parse(body) };
}
