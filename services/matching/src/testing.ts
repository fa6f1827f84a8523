import { assert } from "@bourse/base";
import { catalogue, rfc3339 } from "@bourse/contracts";
import type { Envelope } from "@bourse/delivery";
import { Compile } from "typebox/compile";
import { MatchingProgram } from "./shard/matching-program.ts";

export type Told = Record<string, unknown> & { eventType: string };

const schemas = new Map(
  catalogue.flatMap((topic) => topic.events).map((event) => [event.eventType, Compile(event.schema)]),
);

/** A program that is told commands one after the other and keeps what it said; every event obeys its contract. */
export class Desk {
  program = new MatchingProgram();
  sequence = 0;
  timeMs = 1_700_000_000_000;

  tell(event: Record<string, unknown> & { eventType: string }): Told[] {
    this.sequence++;
    const envelope = {
      event: { requestId: `r${this.sequence}`, timestamp: rfc3339(this.timeMs), ...event },
      sequence: this.sequence,
      timeMs: this.timeMs,
      topic: "order-events",
      partition: 0,
      offset: BigInt(this.sequence),
      key: null,
      producer: "order",
      epoch: 1,
    } satisfies Envelope;
    const told: Told[] = [];
    this.program.apply(envelope, (_topic, _key, output) => {
      const outgoing = output as Told;
      assert(
        schemas.get(outgoing.eventType)?.Check(outgoing) === true,
        `${JSON.stringify(outgoing)} obeys its contract`,
      );
      const [first, second] = Object.keys(outgoing);
      assert(first === "eventType" && second === "timestamp", "an event begins with its type and its time");
      told.push(outgoing);
    });
    return told;
  }

  list(): Desk {
    this.tell({
      eventType: "SymbolListed",
      symbol: "BTC-USD",
      baseAsset: "BTC",
      quoteAsset: "USD",
      baseScale: 8,
      quoteScale: 6,
      tickSize: "0.01",
      lotSize: "0.0001",
      maxPrice: "1000000",
      maxQuantity: "1000",
    });
    return this;
  }

  place(n: number, side: "BUY" | "SELL", price: string, quantity: string, more: object = {}): Told[] {
    return this.tell({
      eventType: "OrderCreated",
      orderId: orderId(n),
      accountId: side === "BUY" ? "buyer" : "seller",
      clientOrderId: `c${n}`,
      symbol: "BTC-USD",
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity,
      price,
      worstPrice: price,
      postOnly: false,
      makerFeePpm: 100,
      takerFeePpm: 300,
      status: "PENDING",
      ...more,
    });
  }
}

export const orderId = (n: number): string => n.toString(16).padStart(32, "0");
export const types = (told: Told[]): string[] =>
  told.map(({ eventType, execType }) => `${eventType}${execType === undefined ? "" : ` ${execType}`}`);
