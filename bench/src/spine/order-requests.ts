import { postText } from "./load-connection.ts";
import type { FlowOrder, OrderFlow } from "./order-flow.ts";
import { accountIdOf, type VenueSize } from "./venue.ts";

/** Where orders go and with whose keys. */
export interface Desk {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  /** Of the accounts, by number. */
  readonly accountKeys: readonly string[];
  readonly size: VenueSize;
}

/** Makes the text of requests out of a flow. Every order has its own client order id that begins with `prefix`. */
export class OrderRequests {
  readonly #desk: Desk;
  readonly #flow: OrderFlow;
  readonly #prefix: string;
  readonly #host: string;
  #made = 0;

  constructor(desk: Desk, flow: OrderFlow, prefix: string) {
    this.#desk = desk;
    this.#flow = flow;
    this.#prefix = prefix;
    this.#host = new URL(desk.gatewayUrl).host;
  }

  /** One order, by its account's own key. */
  single(): string {
    const order = this.#flow.next();
    const key = this.#desk.accountKeys[order.accountIndex] ?? "";
    return postText(this.#host, "/api/v1/orders", key, `{${this.#fields(order)}}`);
  }

  /** Orders of many accounts, by the operator's key. */
  batch(size: number): string {
    const items: string[] = [];
    for (let index = 0; index < size; index++) {
      const order = this.#flow.next();
      items.push(
        `{"action":"PLACE","accountId":"${accountIdOf(order.accountIndex)}",${this.#fields(order)}}`,
      );
    }
    const body = `{"items":[${items.join(",")}]}`;
    return postText(this.#host, "/api/v1/orders/batch", this.#desk.operatorKey, body);
  }

  #fields({ symbol, side, quantity, price }: FlowOrder): string {
    this.#made += 1;
    return (
      `"symbol":"${symbol}","side":"${side}","orderType":"LIMIT","timeInForce":"GTC","quantity":"${quantity}",` +
      `"price":"${price}","clientOrderId":"${this.#prefix}${this.#made}"`
    );
  }
}
