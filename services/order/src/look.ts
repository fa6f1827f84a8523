import type { Desk } from "./desk.ts";
import type { Listing } from "./domain/admit-placement.ts";
import { type Job, replacedBy } from "./domain/job.ts";
import type { Order } from "./domain/order.ts";
import type { Known } from "./domain/plan-round.ts";
import type { Settled } from "./domain/settle-round.ts";
import { amendsOf, commandOfRow, selectAmends, selectCommands } from "./sql/command-rows.ts";
import { orderRecordOf, ownerOf, selectOrders, selectOwners } from "./sql/order-rows.ts";

/** What a round rests on, and what of it was not looked up. */
export interface Look {
  readonly known: Known;
  /** Placements taken for new: one that is there after all breaks the insert's key. */
  readonly unread: ReadonlySet<string>;
  /** Orders to be cancelled, taken as this instance wrote them last: the write checks that they are still open. */
  readonly believed: ReadonlySet<string>;
}

/** Everything that the jobs name, as the tables have it, after tries of the round that may be committed. */
export async function lookAtAll(
  desk: Desk,
  jobs: readonly Job[],
  tried: readonly Pick<Settled, "orders" | "tombstones" | "commands">[],
): Promise<Look> {
  const orders = tried.flatMap((settled) => [...settled.orders, ...settled.tombstones]);
  const requestIds = new Set(tried.flatMap((settled) => settled.commands.map(({ requestId }) => requestId)));
  const read = await readKnown(desk, jobs, {
    tried: requestIds,
    replaced: jobs.flatMap((job) => replacedBy(job) ?? []),
  });
  // A row of another moment was there before, and the insert broke its key: no try of this round has made it (R10).
  const made = orders.filter(({ orderId, createdMs }) => read.orders.get(orderId)?.createdMs === createdMs);
  // Of a command nothing tells that: a repeat of one whose COMMIT has no answer is answered as if it were the first.
  const attempted = new Set([...made.map(({ orderId }) => orderId), ...requestIds]);
  return { known: { ...read, attempted }, unread: NOTHING, believed: NOTHING };
}

/**
 * As little as a first try needs. A placement that nobody has made before, as far as one can tell, is not looked up: an
 * order that was accepted may be held for again, which changes nothing; one that was refused would hold funds until the
 * orphans are looked for. Nor is what a cancel names, where this instance has written it: most cancels name an order that
 * is open, and their requests are new.
 */
export async function lookAtLittle(desk: Desk, jobs: readonly Job[]): Promise<Look> {
  const unread = new Set<string>();
  const believed = new Map<string, Order>();
  const rest: Job[] = [];
  const owners = new Map<string, string>();
  const replaced: string[] = [];
  for (const job of jobs) {
    const old = replacedBy(job);
    if (old !== undefined) {
      const order = desk.known.lastWritten(old);
      if (order === undefined) replaced.push(old);
      // It stays the same account's.
      else owners.set(old, order.accountId);
    }
    if (job.kind === "place" && !desk.refused.has(job.orderId)) unread.add(job.orderId);
    else if (job.kind === "cancel" && unread.has(job.orderId)) continue;
    else {
      const order = job.kind === "cancel" ? desk.known.lastWritten(job.orderId) : undefined;
      if (order === undefined) rest.push(job);
      else believed.set(job.orderId, order);
    }
  }
  const read = await readKnown(desk, rest, { tried: NOTHING, replaced });
  const known = { ...read, owners: new Map([...owners, ...read.owners]), attempted: NOTHING };
  if (believed.size === 0) return { known, unread, believed: NOTHING };
  return {
    known: { ...known, orders: new Map([...believed, ...known.orders]) },
    unread,
    believed: new Set([...believed.keys()].filter((orderId) => !known.orders.has(orderId))),
  };
}

const NOTHING: ReadonlySet<string> = new Set();

/** Of commands, those that come again under their own name, and those that this round has `tried` to write. */
async function readKnown(
  desk: Desk,
  jobs: readonly Job[],
  { tried, replaced }: { readonly tried: ReadonlySet<string>; readonly replaced: readonly string[] },
): Promise<Omit<Known, "attempted">> {
  const listing = (symbol: string): Listing | undefined => desk.venue.listing(symbol);
  if (jobs.length + replaced.length === 0) return { ...NOTHING_KNOWN, listing };
  const amended = jobs.flatMap((job) => (job.kind === "amend" ? [job.orderId] : []));
  const requestIds = jobs.flatMap((job) =>
    job.kind !== "place" && (job.key !== null || tried.has(job.requestId)) ? [job.requestId] : [],
  );
  // Amendments before the orders: one that completes between the two is then counted twice, never not at all.
  const [inFlight = [], orders = [], commands = [], owned = []] = await desk.store.queries([
    selectAmends(amended),
    selectOrders(jobs.map((job) => job.orderId)),
    selectCommands(requestIds),
    ...(replaced.length === 0 ? [] : [selectOwners(replaced)]),
  ]);
  const amends = amendsOf(inFlight);
  return {
    orders: new Map(orders.map(orderRecordOf).map((record) => [record.orderId, record])),
    commands: new Map(commands.map(commandOfRow).map((command) => [command.requestId, command])),
    inFlight: amends.inFlight,
    amendsMade: amends.made,
    owners: new Map(owned.map(ownerOf)),
    listing,
  };
}

const NOTHING_KNOWN: Omit<Known, "listing" | "attempted"> = {
  orders: new Map(),
  commands: new Map(),
  inFlight: new Map(),
  amendsMade: new Map(),
  owners: new Map(),
};
