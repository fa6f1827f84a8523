import { type JournalEntry, type Knowledge, knowledgeOf, type Outcome, type PlacedTerms } from "./entries.ts";

/** All that a client knows of one client order id. */
export interface Attempts {
  readonly terms: PlacedTerms;
  readonly outcomes: readonly { readonly knowledge: Knowledge; readonly outcome: Outcome | undefined }[];
  /** New totals that were asked for by amendments, whatever became of them. */
  readonly amendedTo: readonly string[];
  /** Whether a cancel of it was acknowledged. */
  readonly cancelled: boolean;
}

/** The journal by client order id, in the order of the first requests. */
export function attemptsOf(entries: readonly JournalEntry[]): ReadonlyMap<string, Attempts> {
  const outcomes = new Map<number, Outcome>();
  for (const entry of entries) if ("answerTo" in entry) outcomes.set(entry.answerTo, entry.outcome);
  const attempts = new Map<string, { -readonly [Field in keyof Attempts]: Attempts[Field] }>();
  for (const entry of entries) {
    if (!("request" in entry)) continue;
    const { wish, request } = entry;
    const outcome = outcomes.get(request);
    const knowledge = knowledgeOf(outcome);
    if (wish.kind === "place") {
      const { terms } = wish;
      const known = attempts.get(terms.clientOrderId);
      if (known !== undefined) known.outcomes = [...known.outcomes, { knowledge, outcome }];
      else
        attempts.set(terms.clientOrderId, {
          terms,
          outcomes: [{ knowledge, outcome }],
          amendedTo: [],
          cancelled: false,
        });
      continue;
    }
    const known = attempts.get(wish.clientOrderId);
    if (known === undefined) continue;
    if (wish.kind === "amend") known.amendedTo = [...known.amendedTo, wish.quantity];
    else if (knowledge === "acknowledged") known.cancelled = true;
  }
  return attempts;
}

/** Whether the client can't tell by itself if there is an order: it must ask (R10). */
export function isOpenQuestion({ outcomes }: Attempts): boolean {
  return (
    outcomes.some(({ knowledge }) => knowledge === "unknown") &&
    !outcomes.some(({ knowledge }) => knowledge === "acknowledged")
  );
}
