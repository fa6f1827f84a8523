import type { Desk } from "../desk.ts";
import { trackLag } from "../door.ts";
import { PARTITIONS, toPartition } from "../engine-log.ts";
import { insertVenueCommand } from "../sql/command-rows.ts";
import { selectLapsed, sessionOfRow, takeLapsed } from "../sql/session-rows.ts";

/** Closes the sessions that nobody has kept alive. The lease goes in the transaction that tells the engine. */
export async function closeLapsedSessions(desk: Desk): Promise<void> {
  const lapsed = await desk.store.query(selectLapsed(desk.clock.nowMs()));
  for (const session of lapsed.map(sessionOfRow)) {
    const { numbered } = await desk.delivery.commit("close session", async (unit) => {
      const [taken = []] = await unit.run([takeLapsed(session, unit.nowMs)]);
      const commands =
        taken.length === 0 ? [] : PARTITIONS.map((partition) => ({ partition, requestId: desk.newId() }));
      return {
        statements: commands.map(({ partition, requestId }) =>
          insertVenueCommand(
            { requestId, kind: "SESSION", partition, accountId: session.accountId, symbol: null },
            unit.nowMs,
          ),
        ),
        events: commands.map(({ partition, requestId }) =>
          toPartition(partition, { eventType: "SessionClosed", requestId, ...session }),
        ),
        result: undefined,
      };
    });
    trackLag(desk, numbered);
  }
}
