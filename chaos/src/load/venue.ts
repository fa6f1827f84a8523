import { present } from "@bourse/base";
import { partitionOf } from "@bourse/bus";
import { GatewayClient } from "@bourse/cli";
import { SHARDED_PARTITIONS } from "@bourse/contracts";
import type { Deposit } from "../journal/money.ts";

/** What is listed and who trades it. */

const QUOTE = "USD";
const ACCOUNTS = 12;
/** An account without money, whose orders are refused. */
export const POOR_ACCOUNT = "poor";

/** One symbol in each of the engine's partitions, so that a partition that stands still is seen. */
export const SYMBOLS: readonly string[] = symbolOfEachPartition();
export const BUYERS: readonly string[] = Array.from({ length: ACCOUNTS / 2 }, (_, index) => `buyer-${index}`);
export const SELLERS: readonly string[] = BUYERS.map((name) => name.replace("buyer", "seller"));
export const TRADERS: readonly string[] = [...BUYERS, ...SELLERS, POOR_ACCOUNT];

/** Never run out: an order is worth a few dollars. */
const FUNDS = "10000000";

export const DEPOSITS: readonly Deposit[] = [
  ...BUYERS.map((accountId) => ({ accountId, asset: QUOTE, amount: FUNDS })),
  ...SELLERS.flatMap((accountId) =>
    SYMBOLS.map((symbol) => ({ accountId, asset: baseOf(symbol), amount: FUNDS })),
  ),
];

/** Lists, opens and funds by the public API. */
export async function setUpVenue(target: { readonly url: string; readonly key: string }): Promise<void> {
  const client = new GatewayClient(target);
  try {
    for (const asset of [QUOTE, ...SYMBOLS.map(baseOf)])
      await client.post("/api/v1/assets", {
        asset,
        name: asset,
        kind: asset === QUOTE ? "FIAT" : "CRYPTO",
        scale: asset === QUOTE ? 6 : 8,
      });
    for (const symbol of SYMBOLS) await client.post("/api/v1/instruments", instrument(symbol));
    for (const accountId of TRADERS) await client.post("/api/v1/accounts", { accountId });
    for (const { accountId, asset, amount } of DEPOSITS)
      await client.post(
        `/api/v1/accounts/${accountId}/deposits`,
        { asset, amount },
        { idempotencyKey: `chaos-${asset}` },
      );
  } finally {
    await client.close();
  }
}

function instrument(symbol: string): object {
  return {
    symbol,
    baseAsset: baseOf(symbol),
    quoteAsset: QUOTE,
    tickSize: "0.01",
    lotSize: "0.001",
    minQuantity: "0.001",
    maxQuantity: "1000",
    maxPrice: "100000",
    makerFeePpm: 200,
    takerFeePpm: 500,
    collarPpm: 200_000,
    referencePrice: "100",
  };
}

function baseOf(symbol: string): string {
  return present(symbol.split("-")[0], "a symbol is base-quote");
}

function symbolOfEachPartition(): readonly string[] {
  const symbols = new Map<number, string>();
  for (let number = 1; symbols.size < SHARDED_PARTITIONS; number++) {
    const symbol = `CHAOS${number}-${QUOTE}`;
    const partition = partitionOf(symbol, SHARDED_PARTITIONS);
    if (!symbols.has(partition)) symbols.set(partition, symbol);
  }
  return [...symbols.values()];
}
