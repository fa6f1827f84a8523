import { createHash } from "node:crypto";

/** R10: an order's id is derived from its account and client order id, so that a client can tell it by itself. */
export function orderIdOf(accountId: string, clientOrderId: string): string {
  return createHash("sha256").update(`${accountId}\0${clientOrderId}`).digest("hex").slice(0, 32);
}
