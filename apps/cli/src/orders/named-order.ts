import type { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";
import { type TargetOptions, withTarget } from "../target.ts";
import type { Order } from "./order-view.ts";

/** An order by its id, or by account and client order id. */
export interface NamingOptions extends TargetOptions {
  readonly account?: string;
  readonly clientOrderId?: string;
}

export function named(command: Command): Command {
  return withTarget(command)
    .argument("[order]", "its order id")
    .option("--account <account>", "whose order; an account's own key needs none")
    .option("--client-order-id <id>", "the id that it was placed with");
}

export async function readOrder(
  client: GatewayClient,
  orderId: string | undefined,
  options: NamingOptions,
): Promise<Order> {
  if (orderId !== undefined) return await client.get<Order>(`/api/v1/orders/${encodeURIComponent(orderId)}`);
  const query = namingQuery(options);
  const { orders } = await client.get<{ orders: readonly Order[] }>("/api/v1/orders", query);
  const [order] = orders;
  if (order === undefined)
    throw new CliError(EXIT.refused, `there is no order with the client order id ${query.clientOrderId}`);
  return order;
}

export function namingQuery({ account, clientOrderId }: NamingOptions): {
  readonly accountId: string | undefined;
  readonly clientOrderId: string;
} {
  if (clientOrderId === undefined)
    throw new CliError(EXIT.usage, "which order? Give its order id, or --client-order-id (and --account)");
  return { accountId: account, clientOrderId };
}
