import { GatewayClient, GatewayRefusal } from "../spine/gateway-client.ts";
import { OrderFlow } from "../spine/order-flow.ts";
import type { Desk } from "../spine/order-requests.ts";
import { untilQuiet } from "../spine/quiet.ts";
import { accountIdOf } from "../spine/venue.ts";

const BATCH = 500;
const CONNECTIONS = 8;
const SAY_EVERY = 100_000;
/** R14: the door is shut for a moment when matching is behind. */
const MAX_TRIES = 200;
const RETRY_MS = 250;

interface BatchAnswer {
  readonly results: readonly { readonly status: number; readonly problem?: { readonly code: string } }[];
}

const SHUT = 503;

/** Places orders far from the market, and waits until all of them rest. */
export async function restOrders(
  desk: Desk,
  options: { readonly orders: number; readonly seed: number; readonly progress: (line: string) => void },
): Promise<void> {
  const { orders, seed, progress } = options;
  const { gatewayUrl, operatorKey } = desk;
  const gateway = new GatewayClient({ url: gatewayUrl, key: operatorKey, connections: CONNECTIONS });
  const flow = new OrderFlow({ seed, size: desk.size, prices: "far" });
  let made = 0;
  const worker = async (): Promise<void> => {
    while (made < orders) {
      const items = Array.from({ length: Math.min(BATCH, orders - made) }, () => {
        made += 1;
        if (made % SAY_EVERY === 0) progress(`${made} placed`);
        return itemOf(flow, `rest-${made}`);
      });
      await placeAll(gateway, items);
    }
  };
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, worker));
    await untilQuiet(gateway);
  } finally {
    await gateway.close();
  }
}

function itemOf(flow: OrderFlow, clientOrderId: string): object {
  const { accountIndex, ...order } = flow.next();
  return {
    action: "PLACE",
    accountId: accountIdOf(accountIndex),
    ...order,
    orderType: "LIMIT",
    timeInForce: "GTC",
    clientOrderId,
  };
}

async function placeAll(gateway: GatewayClient, items: readonly object[]): Promise<void> {
  let left = items;
  for (let attempt = 1; left.length > 0; attempt++) {
    const { results } = await place(gateway, left);
    const refused = results.find(({ status }) => status !== 201 && status !== 200 && status !== SHUT);
    if (refused !== undefined || attempt > MAX_TRIES)
      throw new Error(`an order that should rest was answered ${JSON.stringify(refused ?? results[0])}`);
    left = left.filter((_, index) => results[index]?.status === SHUT);
    if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** A door that is shut answers the whole batch at once. */
async function place(gateway: GatewayClient, items: readonly object[]): Promise<BatchAnswer> {
  try {
    return await gateway.call<BatchAnswer>("POST", "/api/v1/orders/batch", { items });
  } catch (error) {
    if (error instanceof GatewayRefusal && error.status === SHUT)
      return { results: items.map(() => ({ status: SHUT })) };
    throw error;
  }
}
