import type { EventBus, GroupInfo } from "@bourse/bus";
import { Count } from "@bourse/contracts";
import type { DeliveryStatus } from "@bourse/delivery";
import { type Directory, PeerError, type Route } from "@bourse/host";
import { type Static, Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

const OffsetOrNull = Type.Union([Type.String(), Type.Null()]);
const CountOrNull = Type.Union([Count, Type.Null()]);

const LagRow = Type.Object({
  group: Type.String(),
  /** null: no service of the platform. */
  service: Type.Union([Type.String(), Type.Null()]),
  kind: Type.String({ description: "effect, view, shard; foreign: a group that is not the platform's" }),
  topic: Type.String(),
  partition: Count,
  state: Type.String(),
  /** Where the truth comes from: marks in the owner's tables (R5), its memory, or the group's committed offset alone. */
  source: Type.String({ description: "marks, memory, committed" }),
  /** Before it everything is done with. */
  position: OffsetOrNull,
  end: OffsetOrNull,
  lag: CountOrNull,
  /** The group's committed offset: a hint (R5), shown where it differs. */
  committed: OffsetOrNull,
  committedLag: CountOrNull,
  error: Type.Union([Type.String(), Type.Null()]),
});
type LagRow = Static<typeof LagRow>;

const UnknownView = Type.Object({
  group: Type.String(),
  service: Type.String(),
  kind: Type.String({ description: "effect, view, shard" }),
  reason: Type.String(),
});
type UnknownView = Static<typeof UnknownView>;

const GroupView = Type.Object({ group: Type.String(), state: Type.String(), members: Count });

const LagAnswer = Type.Object({
  rows: Type.Array(LagRow),
  groups: Type.Array(GroupView),
  /** Services that do not answer: how far they are is not known. */
  silent: Type.Array(Type.String()),
  /** Groups whose rows are not all: partitions that could not be asked, or that nobody has since the group does not run. */
  unknown: Type.Array(UnknownView),
});

/** How far everybody is, by group, topic and partition. */
export function lagRoutes({ services }: Directory): readonly Route<Gateway>[] {
  return [
    {
      method: "GET",
      path: "/api/v1/platform/lag",
      summary: "How far each group is, by topic and partition: by its marks, and by what it has committed",
      access: "operator",
      answers: { 200: LagAnswer },
      handle: async (gateway) => {
        const [asked, groups] = await Promise.all([
          Promise.all(services.map(({ name }) => statusOf(gateway, name))),
          gateway.bus.groups(),
        ]);
        const committed = committedBy(groups);
        const own = asked.flatMap(({ service, delivery }) =>
          delivery === null ? [] : rowsOf(service, delivery, committed),
        );
        const unknown = asked.flatMap(({ service, delivery }) =>
          delivery === null ? [] : unknownOf(service, delivery),
        );
        const known = new Set([...own, ...unknown].map(({ group }) => group));
        const foreign = groups.filter(({ group }) => !known.has(group));
        const rows = [...own, ...(await foreignRows(gateway.bus, foreign))];
        const silent = asked.filter(({ delivery }) => delivery === null).map(({ service }) => service);
        const views = groups.map(({ group, state, members }) => ({ group, state, members }));
        return { status: 200, body: { rows: rows.sort(byPlace), groups: views, silent, unknown } };
      },
    },
  ];
}

interface Asked {
  readonly service: string;
  readonly delivery: AskedDelivery | null;
}

/** As `/internal/status` writes it: offsets are texts. */
type AskedDelivery = Written<DeliveryStatus>;
type Written<Value> = Value extends bigint
  ? string
  : Value extends object
    ? { readonly [Key in keyof Value]: Written<Value[Key]> }
    : Value;

async function statusOf(gateway: Gateway, service: Directory["services"][number]["name"]): Promise<Asked> {
  try {
    const { delivery } = await gateway.peers.call<{ readonly delivery: AskedDelivery | null }>(service, {
      method: "GET",
      path: "/internal/status",
      timeoutMs: 5_000,
    });
    return { service, delivery: delivery ?? NOTHING };
  } catch (error) {
    if (!(error instanceof PeerError)) throw error;
    return { service, delivery: null };
  }
}

const NOTHING: AskedDelivery = {
  consumptions: [],
  subscriptions: [],
  elsewhere: [],
  elsewhereUnknown: [],
  outbox: {},
  outboxBacklog: 0,
};

function rowsOf(
  service: string,
  { subscriptions, elsewhere }: AskedDelivery,
  committed: ReadonlyMap<string, bigint>,
): readonly LagRow[] {
  const held = subscriptions.map((each): LagRow => {
    const group = `${service}.${each.subscription}`;
    const { kind, topic, partition, lag, error } = each;
    return {
      group,
      service,
      kind,
      topic,
      partition,
      state: each.subscriptionState === "running" ? each.state : each.subscriptionState,
      source: kind === "effect" ? "marks" : "memory",
      position: each.nextOffset,
      end: each.endOffset,
      lag,
      ...hintOf(committed.get(placeOf(group, topic, partition)), each.endOffset),
      error,
    };
  });
  const others = elsewhere.map((each): LagRow => {
    const group = `${service}.${each.subscription}`;
    const { kind, topic, partition, endOffset, lag } = each;
    return {
      group,
      service,
      kind,
      topic,
      partition,
      state: "elsewhere",
      source: kind === "effect" ? "marks" : "committed",
      position: String(BigInt(endOffset) - BigInt(lag)),
      end: endOffset,
      lag,
      ...hintOf(committed.get(placeOf(group, topic, partition)), endOffset),
      error: null,
    };
  });
  return [...held, ...others];
}

/** Whose tables did not answer; and who has no partitions, and so no rows, since it does not run. */
function unknownOf(
  service: string,
  { consumptions, subscriptions, elsewhereUnknown }: AskedDelivery,
): readonly UnknownView[] {
  return consumptions.flatMap(({ subscription, kind, state, reason: why }): readonly UnknownView[] => {
    const isIt = (each: { readonly subscription: string }): boolean => each.subscription === subscription;
    const isWithoutRows = state !== "running" && !subscriptions.some(isIt);
    const itself = isWithoutRows ? `it is ${state}${why === null ? "" : `: ${why}`}` : undefined;
    const reason = elsewhereUnknown.find(isIt)?.reason ?? itself;
    return reason === undefined ? [] : [{ group: `${service}.${subscription}`, service, kind, reason }];
  });
}

/** A group that is not ours has said nothing but what it has committed. */
async function foreignRows(bus: EventBus, groups: readonly GroupInfo[]): Promise<readonly LagRow[]> {
  const topics = new Set(groups.flatMap(({ offsets }) => offsets.map(({ topic }) => topic)));
  const ends = new Map(
    await Promise.all(
      Array.from(topics, async (topic) => [topic, await bus.offsets(topic).catch(() => [])] as const),
    ),
  );
  return groups.flatMap(({ group, state, offsets }) =>
    offsets.map(({ topic, partition, committed }): LagRow => {
      const end =
        ends
          .get(topic)
          ?.find((each) => each.partition === partition)
          ?.latest.toString() ?? null;
      const hint = hintOf(committed, end);
      return {
        group,
        service: null,
        kind: "foreign",
        topic,
        partition,
        state,
        source: "committed",
        position: hint.committed,
        end,
        lag: hint.committedLag,
        ...hint,
        error: null,
      };
    }),
  );
}

function hintOf(
  committed: bigint | undefined,
  end: string | null,
): { readonly committed: string | null; readonly committedLag: number | null } {
  if (committed === undefined) return { committed: null, committedLag: null };
  const behind = end === null ? null : Math.max(0, Number(BigInt(end) - committed));
  return { committed: committed.toString(), committedLag: behind };
}

function committedBy(groups: readonly GroupInfo[]): ReadonlyMap<string, bigint> {
  return new Map(
    groups.flatMap(({ group, offsets }) =>
      offsets.map(
        ({ topic, partition, committed }) => [placeOf(group, topic, partition), committed] as const,
      ),
    ),
  );
}

function placeOf(group: string, topic: string, partition: number): string {
  return `${group} ${topic} ${partition}`;
}

function byPlace(one: LagRow, other: LagRow): number {
  if (one.group !== other.group) return one.group < other.group ? -1 : 1;
  if (one.topic !== other.topic) return one.topic < other.topic ? -1 : 1;
  return one.partition - other.partition;
}
