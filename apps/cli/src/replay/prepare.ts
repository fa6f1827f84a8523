import type { Asset, Instrument } from "@bourse/market";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { RefusedError } from "../client-errors.ts";
import { eachAtOnce } from "../each-at-once.ts";
import { EXIT } from "../exit-codes.ts";
import type { Patience } from "../patience.ts";
import { type AccountTerms, accountsOf } from "./accounts.ts";
import { type Listing, QUOTE_ASSET, QUOTE_SCALE } from "./listing.ts";

/** Limits of risk for one account; null is no limit, an absent one is inherited. */
export interface AccountLimits {
  readonly maxOrderNotional?: string | null;
  readonly maxOrderQuantity?: string | null;
  readonly collarPpm?: number | null | "instrument";
  readonly ordersPerSecond?: number | null;
  readonly orderBurst?: number | null;
}

export const UNLIMITED: AccountLimits = {
  maxOrderNotional: null,
  maxOrderQuantity: null,
  collarPpm: null,
  ordersPerSecond: null,
  orderBurst: null,
};

/** More than any recorded day turns over, for every account. */
const AMPLE = "1000000000000";
const AT_ONCE = 8;

/** Everything that the orders of a run stand on: assets, the instrument, limits, funded accounts. Repeatable. */
export async function prepareVenue(
  client: GatewayClient,
  options: {
    readonly listing: Listing;
    readonly terms: AccountTerms;
    readonly limits: AccountLimits;
    readonly patience: Patience;
  },
): Promise<void> {
  const { listing, terms, limits } = options;
  await listAsset(client, { asset: QUOTE_ASSET, name: "US dollar", kind: "FIAT", scale: QUOTE_SCALE });
  await listAsset(client, { asset: listing.baseAsset, name: listing.baseAsset, kind: "EQUITY", scale: 0 });
  await listInstrument(client, listing);
  await waitUntilKnown(client, options.patience);
  const funds = [
    ...accountsOf(terms, "BUY").map((accountId) => ({ accountId, asset: QUOTE_ASSET })),
    ...accountsOf(terms, "SELL").map((accountId) => ({ accountId, asset: listing.baseAsset })),
  ];
  await eachAtOnce(funds, AT_ONCE, async ({ accountId, asset }) => {
    await client.post("/api/v1/accounts", { accountId, name: `replay ${terms.run}` });
    await client.request({ method: "PUT", path: `/api/v1/risk/limits/accounts/${accountId}`, body: limits });
    await client.post(
      `/api/v1/accounts/${accountId}/deposits`,
      { asset, amount: AMPLE },
      { idempotencyKey: `${terms.run}-fund-${asset}` },
    );
  });
}

/** An asset that is there already is taken as it is: names differ, and the scale is checked by the listing. */
async function listAsset(client: GatewayClient, asset: Asset): Promise<void> {
  if ((await found<Asset>(client, `/api/v1/assets/${asset.asset}`)) === undefined)
    await client.post("/api/v1/assets", asset);
}

/** Lists the instrument, or widens the limits of the one that is there. */
async function listInstrument(client: GatewayClient, listing: Listing): Promise<void> {
  const path = `/api/v1/instruments/${encodeURIComponent(listing.symbol)}`;
  const there = await found<Instrument>(client, path);
  if (there === undefined) {
    await client.post("/api/v1/instruments", { ...listing, calendar: "24x7" });
    return;
  }
  for (const field of ["baseAsset", "quoteAsset", "tickSize", "lotSize"] as const) {
    if (there[field] === listing[field]) continue;
    throw new CliError(
      EXIT.refused,
      `${listing.symbol} is listed with ${field} ${there[field]}, the recording needs ${listing[field]}. ` +
        `Replay it as another symbol, such as --symbol ${listing.symbol}.R.`,
    );
  }
  const { makerFeePpm, takerFeePpm, collarPpm } = listing;
  const change = {
    makerFeePpm,
    takerFeePpm,
    collarPpm,
    maxPrice: larger(there.maxPrice, listing.maxPrice),
    maxQuantity: larger(there.maxQuantity, listing.maxQuantity),
  };
  await client.request({ method: "PATCH", path, body: change });
}

function larger(left: string, right: string): string {
  return Number(left) >= Number(right) ? left : right;
}

async function found<Body>(client: GatewayClient, path: string): Promise<Body | undefined> {
  try {
    return await client.get<Body>(path);
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return undefined;
    throw error;
  }
}

interface StatusAnswer {
  readonly services: readonly {
    readonly service: string;
    readonly error?: string;
    readonly delivery?: {
      readonly outbox: Readonly<Record<string, number>>;
      readonly subscriptions: readonly { readonly topic: string; readonly lag: number | null }[];
    };
  }[];
}

const REFERENCE_TOPIC = "reference-events";
const POLL_MS = 50;

/**
 * The listing goes to the services by an event. Looking at that topic alone works on a platform that never rests; it is
 * looked at twice, since an event may be on its way at the first look.
 */
async function waitUntilKnown(client: GatewayClient, patience: Patience): Promise<void> {
  const startedMs = patience.nowMs();
  for (let calm = 0; calm < 2; ) {
    const { services } = await client.get<StatusAnswer>("/api/v1/platform/status");
    const behind = services.filter(({ delivery }) => delivery !== undefined && isBehind(delivery));
    calm = behind.length === 0 ? calm + 1 : 0;
    if (calm < 2 && patience.nowMs() - startedMs >= patience.limitMs)
      throw new CliError(
        EXIT.failed,
        `the listing has not reached ${behind.map(({ service }) => service).join(", ")}`,
      );
    await patience.sleep(POLL_MS);
  }
}

function isBehind(delivery: NonNullable<StatusAnswer["services"][number]["delivery"]>): boolean {
  const waiting = delivery.outbox[REFERENCE_TOPIC] ?? 0;
  return (
    waiting > 0 || delivery.subscriptions.some(({ topic, lag }) => topic === REFERENCE_TOPIC && lag !== 0)
  );
}
