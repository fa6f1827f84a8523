import type { AnswerCommit, RouteAnswer } from "@bourse/host";
import type { Side } from "@bourse/market";
import type { Desk } from "../desk.ts";
import { unknownSymbol } from "../domain/term-faults.ts";
import { trackLag } from "../door.ts";
import { PARTITIONS, partitionOfSymbol, toPartition, toSymbol } from "../engine-log.ts";
import { insertVenueCommand } from "../sql/command-rows.ts";
import { problemOf } from "./intake.ts";

/** What a mass cancel is narrowed to. */
export interface MassCancelScope {
  /** null: everybody's; then the symbol is named. */
  readonly accountId: string | null;
  readonly symbol: string | null;
  readonly side: Side | null;
}

/**
 * One command to the symbol's partition, or to all of them, in one transaction; the engine cancels what it has then.
 * Not through the door: it follows every order that was answered before it.
 */
export async function massCancel(
  desk: Desk,
  scope: MassCancelScope,
  commit: AnswerCommit,
): Promise<RouteAnswer> {
  const { accountId, symbol, side } = scope;
  if (symbol !== null && desk.venue.instrument(symbol) === undefined) return problemOf(unknownSymbol(symbol));
  const partitions = symbol === null ? PARTITIONS : [partitionOfSymbol(symbol)];
  const commands = partitions.map((partition) => ({ partition, requestId: desk.newId() }));
  const { answer, numbered } = await commit("mass cancel", async ({ nowMs }) => ({
    statements: commands.map(({ partition, requestId }) =>
      insertVenueCommand({ requestId, kind: "MASS_CANCEL", partition, accountId, symbol }, nowMs),
    ),
    events: commands.map(({ partition, requestId }) => {
      const event = {
        eventType: "MassCancelled" as const,
        requestId,
        ...(accountId === null ? {} : { accountId }),
        ...(symbol === null ? {} : { symbol }),
        ...(side === null ? {} : { side }),
      };
      return symbol === null ? toPartition(partition, event) : toSymbol(symbol, event);
    }),
    result: { status: 202, body: { requestIds: commands.map(({ requestId }) => requestId) } },
  }));
  trackLag(desk, numbered);
  return answer;
}
