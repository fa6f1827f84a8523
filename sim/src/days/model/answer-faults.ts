import type { Told } from "../live-day.ts";
import { parse } from "./amount.ts";
import { type EndedDay, isOpen } from "./ended-day.ts";
import type { Fact } from "./facts.ts";

/** One placement as it was sent, alone or in a batch, and one answer to it. */
interface Placed extends Moments {
  readonly name: string;
  readonly body: Fact;
  readonly status: number;
  readonly answer: Fact | undefined;
}

interface Moments {
  readonly began: number;
  readonly ended: number;
}

/** A command to one order and one answer to it. */
interface Commanded extends Moments {
  readonly what: "amend" | "cancel";
  readonly orderId: string | null;
  readonly name: string | null;
  readonly change: Fact;
  readonly status: number;
  readonly answer: Fact | undefined;
}

/** Everything that was answered against the end. */
export function answerFaults(day: EndedDay): readonly string[] {
  const placed = day.told.flatMap(placementsOf);
  const commanded = day.told.flatMap(commandsOf);
  return [
    ...brokenAnswers(day),
    ...placementFaults(day, placed),
    ...commandFaults(day, commanded),
    ...massFaults(day, placed),
    ...killFaults(day, placed),
    ...fundFaults(day),
  ];
}

function brokenAnswers({ told }: EndedDay): readonly string[] {
  return told
    .filter(
      ({ status, body }) =>
        status === 0 || status === 500 || (status >= 400 && typeof body.code !== "string"),
    )
    .map(
      ({ request, status, body }) =>
        `${request.method} ${request.path} was answered ${status} ${JSON.stringify(body)}`,
    );
}

function placementsOf({ request, status, body, began, ended }: Told): readonly Placed[] {
  if (request.method !== "POST") return [];
  const moments = { began, ended };
  if (request.path === "/api/v1/orders") {
    const sent = request.body as Fact;
    return [{ ...moments, name: fullName(sent), body: sent, status, answer: body }];
  }
  if (request.path !== "/api/v1/orders/batch") return [];
  return itemsOf(request.body as Fact, status, body).flatMap(({ item, result }) =>
    item.action === "PLACE"
      ? [
          {
            ...moments,
            name: fullName(item),
            body: item,
            status: result.status,
            answer: result.order ?? result.problem,
          },
        ]
      : [],
  );
}

function fullName({ accountId, clientOrderId }: Fact): string {
  return `${accountId}/${clientOrderId}`;
}

function itemsOf(
  { items }: Fact,
  status: number,
  body: Fact,
): readonly { readonly item: Fact; readonly result: Fact }[] {
  return items.map((item: Fact, index: number) => ({
    item,
    result: status === 200 ? body.results[index] : { status, problem: body },
  }));
}

function commandsOf({ request, status, body, began, ended }: Told): readonly Commanded[] {
  const moments = { began, ended };
  if (request.path === "/api/v1/orders/batch")
    return itemsOf(request.body as Fact, status, body).flatMap(({ item, result }) =>
      item.action === "PLACE"
        ? []
        : [
            {
              ...moments,
              what: item.action === "AMEND" ? ("amend" as const) : ("cancel" as const),
              orderId: result.order?.orderId ?? null,
              name: fullName(item),
              change: item,
              status: result.status,
              answer: result,
            },
          ],
    );
  const orderId = /^\/api\/v1\/orders\/([0-9a-f]{32})$/.exec(request.path)?.[1] ?? null;
  const clientOrderId = request.path === "/api/v1/orders" ? request.query?.clientOrderId : undefined;
  if (request.method === "PATCH")
    return [
      { ...moments, what: "amend", orderId, name: null, change: request.body ?? {}, status, answer: body },
    ];
  if (request.method !== "DELETE" || (orderId === null && clientOrderId === undefined)) return [];
  // What was given up before it was committed is known by its order id only.
  return [
    {
      ...moments,
      what: "cancel",
      orderId: orderId ?? body.order?.orderId ?? null,
      name: null,
      change: {},
      status,
      answer: body,
    },
  ];
}

const isYes = ({ status }: { readonly status: number }): boolean => status === 200 || status === 201;
const isNo = ({ status }: { readonly status: number }): boolean =>
  status >= 400 && status < 500 && status !== 429;

/** R10: who was told yes has an order, who was told no has none, and nobody is told both. */
function placementFaults(
  { orders, facts, isDisturbed }: EndedDay,
  placed: readonly Placed[],
): readonly string[] {
  const faults: string[] = [];
  const byName = new Map([...orders.values()].map((order) => [fullName(order), order]));
  for (const [name, tries] of Map.groupBy(placed, (each) => each.name)) {
    const order = byName.get(name);
    const created = order === undefined ? undefined : facts.created.get(order.orderId);
    const yes = tries.filter(isYes);
    if (yes.length > 0 && created === undefined)
      faults.push(`${name} was told yes, the engine never heard of it`);
    if (created !== undefined && yes.length === 0)
      faults.push(
        `${name} was sent to the engine, told was ${tries.map(({ status, answer }) => `${status} ${answer?.code}`).join(", ")}`,
      );
    for (const told of yes) {
      if (told.answer?.orderId !== order?.orderId) faults.push(`${name} was told another order id`);
      for (const field of ["symbol", "side", "orderType"])
        if (created !== undefined && created[field] !== told.body[field])
          faults.push(`${name} was told yes for ${field} ${told.body[field]}, it is ${created[field]}`);
      if (created !== undefined && parse(created.quantity) !== parse(told.body.quantity))
        faults.push(`${name} was told yes for ${told.body.quantity}, it was made for ${created.quantity}`);
    }
    const firsts = yes.filter(({ status }) => status === 201);
    // Where a COMMIT had no answer, whoever repeats a request may be told that its order is new.
    if (firsts.length > 1 && !isDisturbed) faults.push(`${name} was told 201 ${firsts.length} times`);
    for (const no of tries.filter(isNo)) {
      const known = yes.find((each) => each.ended < no.began);
      if (known === undefined) continue;
      const same = JSON.stringify(known.body) === JSON.stringify(no.body);
      if (same)
        faults.push(
          `${name} was told ${known.status}, and then ${no.status} ${no.answer?.code} for the same`,
        );
    }
  }
  return faults;
}

/** A cancel that was taken ends its order; an order has only terms that were asked for. */
function commandFaults({ orders, facts }: EndedDay, commanded: readonly Commanded[]): readonly string[] {
  const faults: string[] = [];
  const byName = new Map([...orders.values()].map((order) => [fullName(order), order]));
  const orderOf = ({ orderId, name }: Commanded): Fact | undefined =>
    orderId === null ? byName.get(name ?? "") : orders.get(orderId);
  for (const command of commanded) {
    if (command.status !== 202 || command.what !== "cancel") continue;
    const order = orderOf(command);
    if (order === undefined) faults.push(`a cancel of ${command.orderId} was taken, it is nowhere`);
    else if (isOpen(order)) faults.push(`${fullName(order)} is ${order.status}, its cancel was taken`);
    else if (command.answer?.order.symbol === undefined && facts.created.has(order.orderId))
      faults.push(`${fullName(order)} was given up by a cancel and then placed`);
  }
  for (const order of orders.values()) {
    const created = facts.created.get(order.orderId);
    if (created === undefined) continue;
    const taken = commanded.filter(
      (each) => each.what === "amend" && each.status === 202 && orderOf(each) === order,
    );
    for (const field of ["quantity", "price"]) {
      const asked = [created[field], ...taken.map(({ change }) => change[field])].filter(
        (each) => each !== undefined,
      );
      // An order that slid has the price that it slid to, once it is amended.
      const slid = field === "price" && created.slide === true;
      if (order[field] !== undefined && !slid && !asked.some((each) => parse(each) === parse(order[field])))
        faults.push(`${fullName(order)} has ${field} ${order[field]}, asked was ${asked.join(", ")}`);
    }
  }
  return faults;
}

/** What stood when all of it was to be cancelled is gone. */
function massFaults(day: EndedDay, placed: readonly Placed[]): readonly string[] {
  const faults: string[] = [];
  const keys = new Set<string | undefined>();
  for (const { request, status, began } of [...day.told].sort((one, other) => one.began - other.began)) {
    // The same key again is answered as before, and cancels nothing.
    if (keys.has(request.key)) continue;
    if (request.key !== undefined) keys.add(request.key);
    const covers = status === 202 && request.method === "DELETE" ? scopeOf(request) : null;
    if (covers === null) continue;
    for (const order of day.orders.values()) {
      if (!isOpen(order) || !covers(order)) continue;
      const known = placed.some(
        (each) => isYes(each) && each.answer?.orderId === order.orderId && each.ended < began,
      );
      if (known)
        faults.push(
          `${fullName(order)} is open after ${request.path} ${JSON.stringify(request.query ?? {})}`,
        );
    }
  }
  return faults;
}

function scopeOf({ path, query = {} }: Told["request"]): ((order: Fact) => boolean) | null {
  const ofSide = ({ side }: Fact): boolean => query.side === undefined || query.side === side;
  const market = /^\/api\/v1\/orders\/symbols\/([^/]+)\/orders$/.exec(path)?.[1];
  if (market !== undefined) return (order) => order.symbol === market && ofSide(order);
  const session = /^\/api\/v1\/orders\/sessions\/(.+)$/.exec(path)?.[1];
  if (session !== undefined)
    return (order) => order.accountId === query.accountId && order.sessionId === session;
  if (path !== "/api/v1/orders" || query.clientOrderId !== undefined) return null;
  return (order) =>
    order.accountId === query.accountId &&
    (query.symbol === undefined || query.symbol === order.symbol) &&
    ofSide(order);
}

/** R14: a stopped account has nothing open and nothing is taken from it until its release is approved. */
function killFaults(
  { told, orders, killed, isFleet }: EndedDay,
  placed: readonly Placed[],
): readonly string[] {
  const faults: string[] = [];
  for (const order of orders.values())
    if (killed.has(order.accountId) && isOpen(order))
      faults.push(`${fullName(order)} is open, its account is stopped`);
  // What one process was told the others know within a second: what they take until then is cancelled.
  if (isFleet) return faults;
  const released = told.filter(({ request }) => request.path.endsWith("/approve"));
  for (const { request, status, ended, body } of told) {
    if (request.path !== "/api/v1/risk/kill-switch" || status > 201 || body.engaged !== true) continue;
    const { accountId } = request.body as Fact;
    const until = Math.min(
      Number.POSITIVE_INFINITY,
      ...released.filter((each) => each.ended > ended).map(({ began }) => began),
    );
    for (const each of placed)
      if (
        each.status === 201 &&
        each.body.accountId === accountId &&
        each.began > ended &&
        each.ended < until
      ) {
        const earlier = placed.some(({ name, began }) => name === each.name && began < ended);
        if (!earlier) faults.push(`${each.name} was taken although its account was stopped`);
      }
  }
  return faults;
}

/** The same deposit or withdrawal is answered the same; there is one event of each. */
function fundFaults({ told }: EndedDay): readonly string[] {
  const faults: string[] = [];
  const funds = told.filter(({ request }) => /\/(deposits|withdrawals)$/.test(request.path));
  for (const [key, tries] of Map.groupBy(funds, ({ request }) => `${request.path} ${request.key}`)) {
    const yes = tries.filter(isYes);
    if (new Set(yes.map(({ body }) => JSON.stringify(body))).size > 1)
      faults.push(`${key} was answered differently`);
    const late = tries.filter((no) => isNo(no) && yes.some((each) => each.ended < no.began));
    for (const { status } of late) faults.push(`${key} was told yes and then ${status}`);
  }
  return faults;
}
