import { GatewayClient } from "./gateway-client.ts";
import type { Desk } from "./order-requests.ts";
import { ASSETS, accountIdOf, FUNDS_EACH, fundedAsset, INSTRUMENTS } from "./venue.ts";

const CONNECTIONS = 32;

/** Lists the instruments, opens and funds the accounts and issues their keys: by the public API, as an operator would. */
export async function setUpVenue(options: {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  readonly accounts: number;
}): Promise<Desk> {
  const { gatewayUrl, operatorKey, accounts } = options;
  const gateway = new GatewayClient({ url: gatewayUrl, key: operatorKey, connections: CONNECTIONS });
  try {
    for (const asset of ASSETS) await gateway.call("POST", "/api/v1/assets", asset);
    for (const instrument of INSTRUMENTS) await gateway.call("POST", "/api/v1/instruments", instrument);
    const accountKeys = new Array<string>(accounts);
    let next = 0;
    const openNext = async (): Promise<void> => {
      for (let index = next++; index < accounts; index = next++)
        accountKeys[index] = await openAccount(gateway, index);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, openNext));
    return { gatewayUrl, operatorKey, accountKeys };
  } finally {
    await gateway.close();
  }
}

async function openAccount(gateway: GatewayClient, index: number): Promise<string> {
  const accountId = accountIdOf(index);
  await gateway.call("POST", "/api/v1/accounts", { accountId });
  for (const asset of fundedAsset(index)) {
    const deposit = { asset, amount: FUNDS_EACH };
    await gateway.call("POST", `/api/v1/accounts/${accountId}/deposits`, deposit, `bench-${asset}`);
  }
  const { key } = await gateway.call<{ key: string }>(
    "POST",
    "/api/v1/keys",
    { accountId },
    `bench-${accountId}`,
  );
  return key;
}
