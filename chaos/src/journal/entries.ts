/** What a client keeps of each request: before it is sent, and once it knows what became of it. */

export interface PlacedTerms {
  readonly accountId: string;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly orderType: "LIMIT";
  readonly timeInForce: "GTC" | "IOC";
  readonly quantity: string;
  readonly price: string;
}

/** An order as the platform has shown it. Absent fields: of an order that was given up before it came. */
export interface OrderFacts {
  readonly orderId: string;
  readonly accountId: string;
  readonly clientOrderId?: string;
  readonly symbol?: string;
  readonly side?: string;
  readonly orderType?: string;
  readonly timeInForce?: string;
  readonly status: string;
  readonly quantity?: string;
  readonly price?: string;
  readonly filledQuantity: string;
  readonly leavesQuantity: string;
  readonly cancelledQuantity: string;
  readonly filledNotional: string;
  readonly fee: string;
  readonly reason?: string;
  readonly createdAt: string;
}

export type Wish =
  | { readonly kind: "place"; readonly terms: PlacedTerms }
  | { readonly kind: "cancel"; readonly clientOrderId: string; readonly orderId: string }
  | {
      readonly kind: "amend";
      readonly clientOrderId: string;
      readonly orderId: string;
      readonly quantity: string;
    };

export type Outcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly code?: string;
      readonly order?: OrderFacts;
    }
  /** No answer came: a timeout, a cut connection. Nothing was sent where the connection itself was refused. */
  | { readonly kind: "silence"; readonly why: string };

export interface RequestEntry {
  readonly request: number;
  readonly atMs: number;
  readonly wish: Wish;
}

export interface OutcomeEntry {
  readonly answerTo: number;
  readonly atMs: number;
  readonly outcome: Outcome;
}

export type JournalEntry = RequestEntry | OutcomeEntry;

/** What became of a request, as far as its client can know. */
export type Knowledge = "acknowledged" | "refused" | "not-done" | "unknown";

/** Answers that say that the request was done in part, in whole or not at all, and not which (R10). */
const UNKNOWN_CODES: ReadonlySet<string> = new Set([
  "outcome_unknown",
  "internal_error",
  "not_a_problem_document",
]);

/** `outcome` is absent where the client itself ended first. */
export function knowledgeOf(outcome: Outcome | undefined): Knowledge {
  if (outcome === undefined) return "unknown";
  if (outcome.kind === "silence") return outcome.why === "ECONNREFUSED" ? "not-done" : "unknown";
  const { status, code = "" } = outcome;
  if (status < 300) return "acknowledged";
  if (UNKNOWN_CODES.has(code) || (status >= 500 && status !== 503)) return "unknown";
  return status === 503 || status === 429 ? "not-done" : "refused";
}
