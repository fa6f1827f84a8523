import { expectStatus, type Trader } from "./trader.ts";

/** Everybody who has an account. The poor one has too little for any order. */
export const ACCOUNTS = ["maker", "taker", "poor"] as const;

const FUNDS = [
  ["maker", "BTC", "10"],
  ["maker", "USD", "1000000"],
  ["taker", "BTC", "10"],
  ["taker", "USD", "1000000"],
  ["poor", "USD", "1"],
] as const;

/** Lists one instrument, opens and funds the accounts: where every flow begins. */
export async function openVenue(operator: Trader): Promise<void> {
  for (const [asset, scale, kind] of [
    ["USD", 6, "FIAT"],
    ["BTC", 8, "CRYPTO"],
  ] as const)
    await operator.send("POST", "/api/v1/assets", { body: { asset, name: asset, kind, scale } });
  const instrument = {
    symbol: "BTC-USD",
    baseAsset: "BTC",
    quoteAsset: "USD",
    tickSize: "0.01",
    lotSize: "0.0001",
    minQuantity: "0.0001",
    maxQuantity: "100",
    maxPrice: "10000000",
    collarPpm: 100_000,
    referencePrice: "64000",
    calendar: "24x7",
    makerFeePpm: 100,
    takerFeePpm: 300,
  };
  expectStatus(await operator.send("POST", "/api/v1/instruments", { body: instrument }), 200, 201);
  for (const accountId of ACCOUNTS)
    expectStatus(await operator.send("POST", "/api/v1/accounts", { body: { accountId } }), 200, 201);
  await operator.quiet();
  for (const [accountId, asset, amount] of FUNDS) {
    const path = `/api/v1/accounts/${accountId}/deposits`;
    const deposit = { body: { asset, amount }, key: `${accountId}-${asset}` };
    expectStatus(await operator.send("POST", path, deposit), 200, 201);
  }
  await operator.quiet();
}
