import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { gather, isQueueFull } from "@bourse/host";
import { batchAnswer, type FloorOrder, floorOrder, orderAnswer, type SentOrder } from "./floor-orders.ts";

/** Requests in a transaction, and such as may wait for theirs: more than any load has open. */
const MAX_BATCH = 1_024;
const MAX_QUEUED = 4_096;

export interface FloorServerOptions {
  /** Resolves when the orders are durable. */
  readonly write: (orders: readonly FloorOrder[]) => Promise<void>;
  /** Whose orders come with a key, by key. Nothing else is asked of it. */
  readonly accounts: ReadonlyMap<string, string>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** The two routes that the load client uses, with nothing between a request and its transaction. */
export function floorServer({ write, accounts }: FloorServerOptions): Server {
  const writer = gather<readonly FloorOrder[], null>({
    run: async (requests) => {
      await write(requests.flat());
      return requests.map(() => null);
    },
    maxBatch: MAX_BATCH,
    maxQueued: MAX_QUEUED,
  });
  let orders = 0;

  const place = async (request: IncomingMessage, text: string): Promise<Answer> => {
    const createdMs = Date.now();
    const take = (sent: SentOrder, accountId: string): FloorOrder =>
      floorOrder(sent, { number: ++orders, accountId, createdMs });
    const written = async (taken: readonly FloorOrder[], answer: () => Answer): Promise<Answer> => {
      const submitted = writer.submit(taken);
      if (isQueueFull(submitted)) return refusal(503, submitted.refused);
      await submitted;
      return answer();
    };
    if (request.url === "/api/v1/orders") {
      const accountId = accounts.get(request.headers.authorization?.slice("Bearer ".length) ?? "");
      if (accountId === undefined) return refusal(401, "unknown_key");
      const order = take(JSON.parse(text) as SentOrder, accountId);
      return written([order], () => ({ status: 201, body: orderAnswer(order) }));
    }
    if (request.url === "/api/v1/orders/batch") {
      const { items } = JSON.parse(text) as { items: readonly SentOrder[] };
      const batch = items.map((sent) => take(sent, sent.accountId ?? ""));
      return written(batch, () => ({ status: 200, body: batchAnswer(batch) }));
    }
    return refusal(404, "not_found");
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      place(request, Buffer.concat(chunks).toString()).then(
        (answer) => send(response, answer),
        (error: unknown) => send(response, refusal(500, String(error))),
      );
    });
  });
  // Connections of a load may rest as long as it has others.
  server.keepAliveTimeout = 0;
  return server;
}

function refusal(status: number, code: string): Answer {
  return { status, body: JSON.stringify({ status, code }) };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
