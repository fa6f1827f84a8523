import type { Desk } from "../desk.ts";
import { number } from "../sql/order-rows.ts";
import { readVenue, selectEngineHeads } from "../sql/venue-rows.ts";

/** What other instances have written: listings, halts, blocked accounts, and how far the engine has come (R14). */
export async function refresh(desk: Desk): Promise<void> {
  const [tables, heads] = await Promise.all([readVenue(desk.store), desk.store.query(selectEngineHeads())]);
  desk.venue.load(tables);
  for (const row of heads) desk.lag.outcome(number(row.partition), number(row.command_sequence));
}
