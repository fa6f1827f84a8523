import { rfc3339 } from "@bourse/contracts";
import type { Answer, Trader } from "../flows/trader.ts";
import { OPERATOR_KEY } from "../world/incarnation.ts";
import type { ClientRequest } from "../world/serve-request.ts";
import type { Amend, BatchItem, Cancel, Day, DayAccount, DaySymbol, NewOrder, Step } from "./day.ts";
import { type Keys, LISTED_LATE, LISTINGS } from "./day-venue.ts";
import type { FaultsOfDay } from "./faults-of-day.ts";

/** A request of the day and what it was told. */
export interface Told {
  readonly step: Step;
  readonly request: DayRequest;
  /** A count of the day's moments: what ended before something else began was known by then. */
  readonly began: number;
  readonly ended: number;
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a body as a client reads it
  readonly body: any;
}

export interface DayRequest {
  readonly method: ClientRequest["method"];
  readonly path: string;
  readonly body?: object;
  readonly query?: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly as?: string;
}

/** An order that somebody tried to place. */
interface Tried {
  readonly account: DayAccount;
  readonly name: string;
  readonly symbol: DaySymbol;
  orderId: string | null;
}

const RETRY_MS = 1_000;
/** So often at most a batch is sent again because some of its items could not be taken. */
const BATCH_TRIES = 60;

/** Lives through the day; what it was told. Ends when everything is answered. */
export async function liveDay(
  trader: Trader,
  day: Day,
  { keys, faults }: { readonly keys: Keys; readonly faults: FaultsOfDay },
): Promise<readonly Told[]> {
  const living = new LivingDay(trader, keys, faults);
  for (const step of day.steps) await living.take(step);
  await living.answered();
  return living.told;
}

class LivingDay {
  readonly told: Told[] = [];
  readonly #trader: Trader;
  readonly #keys: Keys;
  readonly #faults: FaultsOfDay;
  readonly #tried: Tried[] = [];
  readonly #sent: { readonly step: Step; readonly request: DayRequest }[] = [];
  readonly #open = new Set<Promise<unknown>>();
  #moment = 0;
  #named = 0;
  #keyed = 0;

  constructor(trader: Trader, keys: Keys, faults: FaultsOfDay) {
    this.#trader = trader;
    this.#keys = keys;
    this.#faults = faults;
  }

  async take(step: Step): Promise<void> {
    if (step.kind === "fault") return this.#faults.add(step.inCalls, step.outcome);
    if (step.kind === "clock") {
      this.#trader.supervisor.world.skewMs = step.skewMs;
      return;
    }
    if (step.kind === "lose-ends") return this.#loseEnds(step);
    if (step.kind === "kill") return this.#trader.supervisor.kill(step.process);
    if (step.kind === "pause") return this.#trader.supervisor.pause(step.process, step.ms);
    if (step.kind === "wait") return await this.#trader.sleep(step.ms);
    if (step.kind === "quiet") return await this.#trader.quiet();
    const done = this.#do(step);
    this.#open.add(done);
    done.then(
      () => this.#open.delete(done),
      () => undefined,
    );
    if (step.beside !== true) await done;
  }

  #loseEnds({ partitions, records, isHeardOf }: Extract<Step, { readonly kind: "lose-ends" }>): void {
    const { log } = this.#trader.supervisor.world;
    const all = [...log.topics.values()].flatMap((topic) => topic.partitions);
    const chosen = partitions === "all" ? all : partitions.map((nth) => all[nth % all.length]);
    for (const partition of new Set(chosen)) {
      if (partition === undefined) continue;
      const lost = log.loseEnd(partition, records, isHeardOf);
      if (lost > 0) this.#faults.happened.push(`${partition.topic}/${partition.partition} lost ${lost}`);
    }
  }

  async answered(): Promise<void> {
    await Promise.all(this.#open);
  }

  async #do(step: Step): Promise<void> {
    if (step.kind === "release-account") return await this.#release(step, step.account);
    if (step.kind === "restart") return await this.#trader.supervisor.restart(step.process);
    if (step.kind === "again") {
      const earlier = this.#sent.at(-1 - (step.nth % Math.max(1, this.#sent.length)));
      if (earlier !== undefined) await this.#send(step, earlier.request);
      return;
    }
    const request = this.#requestOf(step);
    if (request === null) return;
    this.#sent.push({ step, request });
    if (step.kind === "batch") await this.#sendBatch(step, request);
    else await this.#send(step, request);
  }

  #requestOf(step: Step): DayRequest | null {
    const operator = { key: this.#key() };
    switch (step.kind) {
      case "order": {
        const body = this.#placement(step.order, this.#name(step.order.ahead ?? 0));
        return { method: "POST", path: "/api/v1/orders", body, as: this.#keys[step.order.account] };
      }
      case "reuse": {
        const tried = this.#triedAt(step.nth);
        if (tried === null) return null;
        const body = this.#placement({ ...step.order, account: tried.account }, tried.name);
        return { method: "POST", path: "/api/v1/orders", body, as: OPERATOR_KEY };
      }
      case "batch":
        return {
          method: "POST",
          path: "/api/v1/orders/batch",
          body: { items: this.#items(step.items), stopWhenUnavailable: step.stop },
          ...operator,
        };
      case "amend":
        return this.#amend(step.amend);
      case "cancel":
        return this.#cancel(step.cancel);
      case "cancel-many": {
        const { account, symbol, side } = step;
        const query = { accountId: account, ...(symbol && { symbol }), ...(side && { side }) };
        return { method: "DELETE", path: "/api/v1/orders", query, ...operator };
      }
      case "cancel-symbol": {
        const query = step.side === undefined ? {} : { side: step.side };
        return { method: "DELETE", path: `/api/v1/orders/symbols/${step.symbol}/orders`, query, ...operator };
      }
      case "fund": {
        const path = `/api/v1/accounts/${step.account}/${step.out ? "withdrawals" : "deposits"}`;
        return { method: "POST", path, body: { asset: step.asset, amount: step.amount }, ...operator };
      }
      case "market":
        return { method: "POST", path: `/api/v1/orders/symbols/${step.symbol}/${step.word}`, ...operator };
      case "bands": {
        const body = {
          lowerPrice: priceOf(step.symbol, step.below),
          upperPrice: priceOf(step.symbol, step.above),
          limitStateMs: step.limitStateMs,
        };
        return { method: "PUT", path: `/api/v1/orders/symbols/${step.symbol}/bands`, body, ...operator };
      }
      case "no-bands":
        return { method: "DELETE", path: `/api/v1/orders/symbols/${step.symbol}/bands`, ...operator };
      case "group": {
        const path = `/api/v1/orders/accounts/${step.account}/self-trade-group`;
        return { method: "PUT", path, body: { selfTradeGroup: step.group }, ...operator };
      }
      case "limits": {
        const { account, symbol } = step;
        const scope = [account && `/accounts/${account}`, symbol && `/symbols/${symbol}`].join("");
        const path = `/api/v1/risk/limits${scope === "" ? "/default" : scope}`;
        return { method: "PUT", path, body: step.setting };
      }
      case "list":
        return { method: "POST", path: "/api/v1/instruments", body: LISTED_LATE };
      case "instrument":
        return {
          method: "PATCH",
          path: `/api/v1/instruments/${step.symbol}`,
          body: step.change,
          ...operator,
        };
      case "account-status": {
        const path = `/api/v1/accounts/${step.account}/status`;
        return { method: "PUT", path, body: { status: step.status }, ...operator };
      }
      case "stop-account": {
        const body = { accountId: step.account, reason: "a strategy runs wild" };
        const as = this.#keys[step.account];
        return { method: "POST", path: "/api/v1/risk/kill-switch", body, as, ...operator };
      }
      case "keep-session": {
        const body = { accountId: step.account, timeoutMs: step.timeoutMs };
        return { method: "PUT", path: `/api/v1/orders/sessions/${step.session}`, body, ...operator };
      }
      case "close-session": {
        const query = { accountId: step.account };
        return { method: "DELETE", path: `/api/v1/orders/sessions/${step.session}`, query, ...operator };
      }
      default:
        return null;
    }
  }

  async #send(step: Step, request: DayRequest): Promise<Answer> {
    const { method, path, ...options } = request;
    const began = ++this.#moment;
    const answer = await this.#trader.send(method, path, options);
    this.told.push({ step, request, began, ended: ++this.#moment, ...answer });
    this.#learn(request.body, answer);
    return answer;
  }

  /** Sent again as long as an item says that it could not be taken now. */
  async #sendBatch(step: Step, request: DayRequest): Promise<void> {
    for (let tries = 1; ; tries++) {
      const { status, body } = await this.#send(step, request);
      if (status !== 200 || tries === BATCH_TRIES) return;
      const results: readonly { readonly status: number }[] = body.results;
      if (results.every((result) => result.status < 500 && result.status !== 429)) return;
      await this.#trader.sleep(RETRY_MS);
    }
  }

  async #release(step: Step, accountId: string): Promise<void> {
    const path = "/api/v1/risk/kill-switch/release-requests";
    const asked = await this.#send(step, { method: "POST", path, body: { accountId }, key: this.#key() });
    if (asked.status !== 201) return;
    const as = this.#keys.checker;
    await this.#send(step, {
      method: "POST",
      path: `${path}/${asked.body.id}/approve`,
      as,
      key: this.#key(),
    });
  }

  #learn(body: object | undefined, { status, body: answer }: Answer): void {
    if (status > 201 || !("clientOrderId" in (body ?? {}))) return;
    for (const tried of this.#tried)
      if (tried.account === answer.accountId && tried.name === answer.clientOrderId)
        tried.orderId = String(answer.orderId);
  }

  #placement(order: NewOrder, name: string): object {
    const { account, symbol, side, orderType, lots, timeInForce, more } = order;
    const { price, stopPrice, displayLots, minimumLots, trailing, group, parent, replaces } = order;
    const named = (nth: number | undefined): string | undefined =>
      nth === undefined ? undefined : this.#triedAt(nth, account, name)?.name;
    const replaced = replaces === undefined ? undefined : this.#triedAt(replaces, account, name)?.orderId;
    this.#tried.push({ account, name, symbol, orderId: null });
    const gtd = timeInForce === "GTD" && order.expiresInMs !== undefined;
    const expireAt = gtd ? rfc3339(this.#nowMs() + (order.expiresInMs ?? 0)) : undefined;
    return withoutUndefined({
      accountId: account,
      clientOrderId: name,
      symbol,
      side,
      orderType,
      timeInForce,
      quantity: quantityOf(symbol, lots),
      price: price === undefined ? undefined : priceOf(symbol, price),
      stopPrice: stopPrice === undefined ? undefined : priceOf(symbol, stopPrice),
      displayQuantity: displayLots === undefined ? undefined : quantityOf(symbol, displayLots),
      minQuantity: minimumLots === undefined ? undefined : quantityOf(symbol, minimumLots),
      trailingOffset: trailing === "step" ? decimal(LISTINGS[symbol].step) : trailing,
      expireAt,
      groupId: named(group),
      parentId: named(parent),
      replaces: replaced ?? undefined,
      ...more,
    });
  }

  #items(items: readonly BatchItem[]): readonly object[] {
    return items.flatMap((item) => {
      if (item.action === "PLACE")
        return [{ action: "PLACE", ...this.#placement(item.order, this.#name(item.order.ahead ?? 0)) }];
      const tried = this.#triedAt(item.nth);
      if (tried === null) return [];
      const target = { action: item.action, accountId: tried.account, clientOrderId: tried.name };
      return [item.action === "AMEND" ? { ...target, ...this.#changeOf(tried, item) } : target];
    });
  }

  #amend(amend: Amend): DayRequest | null {
    const tried = this.#triedAt(amend.nth);
    if (tried?.orderId == null) return null;
    const path = `/api/v1/orders/${tried.orderId}`;
    const as = this.#keys[tried.account];
    return { method: "PATCH", path, body: this.#changeOf(tried, amend), as, key: this.#key() };
  }

  #changeOf({ symbol }: Tried, { lots, price }: Amend): object {
    return withoutUndefined({
      quantity: lots === undefined ? undefined : quantityOf(symbol, lots),
      price: price === undefined ? undefined : priceOf(symbol, price),
    });
  }

  #cancel({ nth, byName, ahead }: Cancel): DayRequest | null {
    const tried = this.#triedAt(nth);
    if (tried === null) return null;
    const as = this.#keys[tried.account];
    const key = this.#key();
    if (!byName && ahead === undefined && tried.orderId !== null)
      return { method: "DELETE", path: `/api/v1/orders/${tried.orderId}`, as, key };
    const clientOrderId = ahead === undefined ? tried.name : `o${this.#named + ahead}`;
    return { method: "DELETE", path: "/api/v1/orders", query: { clientOrderId }, as, key };
  }

  #triedAt(nth: number, account?: DayAccount, except?: string): Tried | null {
    const some = this.#tried.filter(
      (each) => (account === undefined || each.account === account) && each.name !== except,
    );
    return some.at(-1 - (nth % Math.max(1, some.length))) ?? null;
  }

  #name(ahead: number): string {
    return `o${++this.#named + ahead}`;
  }

  #key(): string {
    return `k${++this.#keyed}`;
  }

  #nowMs(): number {
    const { time, skewMs } = this.#trader.supervisor.world;
    return time.clock.nowMs() + skewMs;
  }
}

export function priceOf(symbol: DaySymbol, steps: number): string {
  const { middle, step } = LISTINGS[symbol];
  return decimal(middle + BigInt(steps) * step);
}

export function quantityOf(symbol: DaySymbol, lots: number): string {
  return decimal(BigInt(lots) * LISTINGS[symbol].lot);
}

/** Of 10^-8. */
function decimal(units: bigint): string {
  const text = String(units).padStart(9, "0");
  return `${text.slice(0, -8)}.${text.slice(-8)}`.replace(/\.?0+$/, "");
}

function withoutUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
