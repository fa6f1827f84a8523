import { GatewayClient } from "./gateway-client.ts";
import type { Desk } from "./order-requests.ts";
import {
  accountIdOf,
  assetsOf,
  FUNDS_EACH,
  fundedAssets,
  instrumentOf,
  symbolsOf,
  type VenueSize,
} from "./venue.ts";

const CONNECTIONS = 32;

export interface VenueSetUp extends VenueSize {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  /** Whether each account gets a key of its own. */
  readonly keys: boolean;
}

/** Lists the instruments, opens and funds the accounts and issues their keys: by the public API, as an operator would. */
export async function setUpVenue(setUp: VenueSetUp): Promise<Desk> {
  const { gatewayUrl, operatorKey, accounts, symbolsEach } = setUp;
  const symbols = symbolsOf(setUp.symbols);
  const gateway = new GatewayClient({ url: gatewayUrl, key: operatorKey, connections: CONNECTIONS });
  try {
    await eachAtOnce(assetsOf(symbols), (asset) => gateway.call("POST", "/api/v1/assets", asset));
    await eachAtOnce(symbols, (symbol) => gateway.call("POST", "/api/v1/instruments", instrumentOf(symbol)));
    const accountKeys = await eachAtOnce(Array.from({ length: accounts }), async (_, index) => {
      await openAccount(gateway, accountIdOf(index), fundedAssets(index, symbols, symbolsEach));
      return setUp.keys ? await issueKey(gateway, accountIdOf(index)) : "";
    });
    return { gatewayUrl, operatorKey, accountKeys, size: { accounts, symbols: symbols.length, symbolsEach } };
  } finally {
    await gateway.close();
  }
}

/** Results in the order of the items. */
async function eachAtOnce<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++)
      results[index] = await work(items[index] as Item, index);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  return results;
}

async function openAccount(
  gateway: GatewayClient,
  accountId: string,
  assets: readonly string[],
): Promise<void> {
  await gateway.call("POST", "/api/v1/accounts", { accountId });
  for (const asset of assets) {
    const deposit = { asset, amount: FUNDS_EACH };
    await gateway.call("POST", `/api/v1/accounts/${accountId}/deposits`, deposit, `bench-${asset}`);
  }
}

async function issueKey(gateway: GatewayClient, accountId: string): Promise<string> {
  const issued = await gateway.call<{ key: string }>(
    "POST",
    "/api/v1/keys",
    { accountId },
    `bench-${accountId}`,
  );
  return issued.key;
}
