import type { Timer } from "@bourse/base";
import type { EventBus, PartitionOffsets } from "@bourse/bus";
import { askingOnce, type EndsOf, leftElsewhere, startIn } from "./elsewhere.ts";
import { reasonOf } from "./log.ts";
import type { Relay } from "./relay.ts";
import type {
  ConsumptionStatus,
  DeliveryStatus,
  ElsewhereStatus,
  PartitionStatus,
  Runner,
  SubscriptionStatus,
} from "./status.ts";

/** Tables that do not answer must not keep an operator from what is known without them. */
const ELSEWHERE_LIMIT_MS = 2_000;

/** Asks the bus for the ends of the logs, and the tables for what others have of them. Rejects with `BusError`. */
export async function readStatus(options: {
  readonly runners: readonly Runner[];
  readonly relay: Relay | null;
  readonly bus: EventBus;
  readonly timer: Timer;
}): Promise<DeliveryStatus> {
  const { runners, relay, bus, timer } = options;
  const endsOf = askingOnce(bus);
  // Both in one turn: a partition that comes or goes meanwhile is in one of them.
  const looks = runners.map((runner) => ({
    status: runner.status(),
    left: look(runner, { bus, timer, endsOf }),
  }));
  const statuses = looks.map(({ status }) => status);
  const [subscriptions, elsewhere] = await Promise.all([
    heldOf(statuses, endsOf),
    Promise.all(looks.map(({ left }) => left)),
  ]);
  const outbox = Object.fromEntries(relay?.backlog() ?? []);
  const outboxBacklog = Object.values(outbox).reduce((sum, records) => sum + records, 0);
  return {
    consumptions: statuses.map(({ subscription, kind, state, reason }) => ({
      subscription,
      kind,
      state,
      reason,
    })),
    subscriptions,
    elsewhere: elsewhere.flatMap(({ left }) => left),
    elsewhereUnknown: elsewhere.flatMap(({ unknown }) => unknown),
    outbox,
    outboxBacklog,
  };
}

/** Only the partitions that this instance has: what the gauges show. */
export function readHeld(runners: readonly Runner[], bus: EventBus): Promise<readonly SubscriptionStatus[]> {
  return heldOf(
    runners.map((runner) => runner.status()),
    askingOnce(bus),
  );
}

async function heldOf(
  statuses: readonly ConsumptionStatus[],
  endsOf: EndsOf,
): Promise<readonly SubscriptionStatus[]> {
  const held = await Promise.all(
    statuses.map(({ subscription, kind, state, reason, partitions }) =>
      Promise.all(
        partitions.map(async (at): Promise<SubscriptionStatus> => {
          const ends = (await endsOf(at.topic)).find(({ partition }) => partition === at.partition);
          const { endOffset, lag } = lagOf(at, ends);
          const error = at.error ?? reason;
          return { ...at, subscription, kind, subscriptionState: state, endOffset, lag, error };
        }),
      ),
    ),
  );
  return held.flat();
}

interface Left {
  readonly left: readonly ElsewhereStatus[];
  readonly unknown: DeliveryStatus["elsewhereUnknown"];
}

const NOTHING_LEFT: Left = { left: [], unknown: [] };

async function look(
  runner: Runner,
  parts: { readonly bus: EventBus; readonly timer: Timer; readonly endsOf: EndsOf },
): Promise<Left> {
  const { subscription, kind, state } = runner.status();
  // Who does not run says so, and is not asked for more.
  if (state !== "running") return NOTHING_LEFT;
  const late = Promise.withResolvers<never>();
  const cancel = parts.timer.after(ELSEWHERE_LIMIT_MS, () => {
    late.reject(new Error(`no answer within ${ELSEWHERE_LIMIT_MS} ms`));
  });
  try {
    const asked = runner
      .elsewhere()
      .then((elsewhere) => leftElsewhere({ subscription, kind }, elsewhere, parts));
    return { left: await Promise.race([asked, late.promise]), unknown: [] };
  } catch (error) {
    return { left: [], unknown: [{ subscription, reason: reasonOf(error) }] };
  } finally {
    cancel();
  }
}

function lagOf(
  at: PartitionStatus,
  ends: PartitionOffsets | undefined,
): { readonly endOffset: bigint | null; readonly lag: number | null } {
  if (ends === undefined) return { endOffset: null, lag: null };
  return { endOffset: ends.latest, lag: Math.max(0, Number(ends.latest - startIn(ends, at.nextOffset))) };
}
