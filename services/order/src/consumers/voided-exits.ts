import { present } from "@bourse/base";
import type { ConsumerUnit, Effects } from "@bourse/delivery";
import { isFinal } from "@bourse/market";
import { instrumentOf } from "../checks.ts";
import type { Desk } from "../desk.ts";
import { isTombstone, type Order } from "../domain/order.ts";
import { cancelOf } from "../domain/plan-round.ts";
import { partitionOfSymbol, tellEngine } from "../engine-log.ts";
import { derivedRequestId } from "../order-id.ts";
import { commandOfRow, insertCommands, selectCommands } from "../sql/command-rows.ts";
import { orderRecordOf, selectOrders } from "../sql/order-rows.ts";

/**
 * The engine cancels an entry that awaits its exits where it refuses one of them. Of an exit that an operator has voided
 * it is not told (R8): entry and exits would wait for it for ever. The entry is cancelled by a command here, whose
 * request id follows from the exit, and with it goes what waits for it.
 */
export async function cancelWaitingEntries(
  desk: Desk,
  changed: readonly { readonly order: Order }[],
  unit: ConsumerUnit,
): Promise<Pick<Effects, "statements" | "events">> {
  const exits = new Map<string, string>();
  for (const { order } of changed) {
    const entry = order.terms.special?.parentOrderId;
    if (order.reason === VOIDED && entry !== undefined && !exits.has(entry)) exits.set(entry, order.orderId);
  }
  if (exits.size === 0) return { statements: [], events: [] };
  const requestIds = new Map([...exits].map(([entry, exit]) => [entry, derivedRequestId(`voided/${exit}`)]));
  const [entries = [], sent = []] = await unit.run([
    selectOrders([...exits.keys()]),
    selectCommands([...requestIds.values()]),
  ]);
  // R6: after a restore it may be there already.
  const known = new Set(sent.map(commandOfRow).map(({ requestId }) => requestId));
  const commands = entries.map(orderRecordOf).flatMap((entry) => {
    const requestId = present(requestIds.get(entry.orderId), "the cancel of an entry");
    if (isTombstone(entry) || !isWaiting(entry) || known.has(requestId)) return [];
    return [cancelOf(requestId, entry)];
  });
  const events: Effects["events"][number][] = [];
  for (const command of commands)
    tellEngine({ kind: "command", command }, instrumentOf(desk, command.symbol), events);
  return { statements: insertCommands(commands, partitionOfSymbol, unit.nowMs), events };
}

const VOIDED = "voided";

function isWaiting({ status, triggered, terms }: Order): boolean {
  return !isFinal(status) && !triggered && terms.special?.awaits !== undefined;
}
