import { expectStatus, type Trader } from "../flows/trader.ts";
import { ACCOUNTS, type DayAccount, type DaySymbol } from "./day.ts";

/** What of a listing the days count in. */
export interface Listing {
  readonly baseAsset: string;
  readonly quoteAsset: string;
  /** Where it trades, and a step of price, in 10^-8 of the quote asset. */
  readonly middle: bigint;
  readonly step: bigint;
  /** In 10^-8 of the base asset. */
  readonly lot: bigint;
}

export const LISTINGS: Readonly<Record<DaySymbol, Listing>> = {
  "BTC-USD": {
    baseAsset: "BTC",
    quoteAsset: "USD",
    middle: 64_000_00000000n,
    step: 50_00000000n,
    lot: 10_000n,
  },
  // The quote asset of one is the base asset of the other, makers get a rebate, and most fees are rounded.
  "ETH-BTC": { baseAsset: "ETH", quoteAsset: "BTC", middle: 5_000_000n, step: 10_000n, lot: 100_000n },
  // Listed while the day goes on; neither its tick nor its lot is a power of ten.
  "ETH-USD": {
    baseAsset: "ETH",
    quoteAsset: "USD",
    middle: 3_200_00000000n,
    step: 1_75000000n,
    lot: 300_000n,
  },
};

export const ASSETS = ["USD", "BTC", "ETH"] as const;
const SCALES = { USD: 6, BTC: 8, ETH: 8 } as const;

export const FUNDS: readonly (readonly [DayAccount, string, string])[] = [
  ["ada", "USD", "300000"],
  ["ada", "BTC", "4"],
  ["ada", "ETH", "60"],
  ["bob", "USD", "300000"],
  ["bob", "BTC", "4"],
  ["bob", "ETH", "60"],
  ["cyd", "USD", "20000"],
  ["cyd", "BTC", "0.5"],
  ["cyd", "ETH", "5"],
];

/** The keys that people of the venue use, by whose they are. */
export type Keys = Readonly<Record<DayAccount | "checker", string>>;

const EVERYWHERE = { collarPpm: 100_000, calendar: "24x7" };

export const LISTED_LATE = {
  ...EVERYWHERE,
  symbol: "ETH-USD",
  baseAsset: "ETH",
  quoteAsset: "USD",
  tickSize: "0.25",
  lotSize: "0.003",
  minQuantity: "0.006",
  maxQuantity: "300",
  maxPrice: "100000",
  referencePrice: "3200",
  makerFeePpm: 77,
  takerFeePpm: 777,
};

/** Lists the instruments, opens and funds the accounts, issues the keys: where every day begins. */
export async function openDayVenue(operator: Trader): Promise<Keys> {
  for (const asset of ASSETS)
    await operator.send("POST", "/api/v1/assets", {
      body: { asset, name: asset, kind: asset === "USD" ? "FIAT" : "CRYPTO", scale: SCALES[asset] },
    });
  const instruments = [
    {
      ...EVERYWHERE,
      symbol: "BTC-USD",
      baseAsset: "BTC",
      quoteAsset: "USD",
      tickSize: "0.01",
      lotSize: "0.0001",
      minQuantity: "0.0001",
      maxQuantity: "100",
      maxPrice: "10000000",
      referencePrice: "64000",
      makerFeePpm: 100,
      takerFeePpm: 300,
    },
    {
      ...EVERYWHERE,
      symbol: "ETH-BTC",
      baseAsset: "ETH",
      quoteAsset: "BTC",
      tickSize: "0.00001",
      lotSize: "0.001",
      minQuantity: "0.001",
      maxQuantity: "1000",
      maxPrice: "1000",
      referencePrice: "0.05",
      makerFeePpm: -50,
      takerFeePpm: 333,
    },
  ];
  for (const body of instruments)
    expectStatus(await operator.send("POST", "/api/v1/instruments", { body }), 200, 201);
  for (const accountId of ACCOUNTS)
    expectStatus(await operator.send("POST", "/api/v1/accounts", { body: { accountId } }), 200, 201);
  await operator.quiet();
  for (const [accountId, asset, amount] of FUNDS) {
    const path = `/api/v1/accounts/${accountId}/deposits`;
    const deposit = { body: { asset, amount }, key: `opening-${asset}` };
    expectStatus(await operator.send("POST", path, deposit), 200, 201);
  }
  const keyOf = async (body: object, key: string): Promise<string> =>
    String(expectStatus(await operator.send("POST", "/api/v1/keys", { body, key }), 201).body.key);
  const keys: Record<string, string> = {
    checker: await keyOf({ role: "operator", name: "checker" }, "checker"),
  };
  for (const accountId of ACCOUNTS) keys[accountId] = await keyOf({ accountId, name: accountId }, accountId);
  await operator.quiet();
  return keys as Keys;
}
