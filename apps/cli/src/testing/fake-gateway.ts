import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came, parsed. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it reads
  readonly body: any;
}

/** What to answer; `cut` ends the connection instead. */
export type FakeAnswer = { readonly status: number; readonly body: unknown } | "cut";

export interface FakeGateway {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
}

/** An HTTP server in the gateway's place. It ends with the test. */
export async function fakeGateway(
  t: { after(end: () => unknown): void },
  answer: (request: FakeRequest, nth: number) => FakeAnswer | Promise<FakeAnswer>,
): Promise<FakeGateway> {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await read(incoming);
    requests.push(request);
    send(outgoing, await answer(request, requests.length - 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

export function problemAnswer(status: number, code: string, more: object = {}): FakeAnswer {
  return {
    status,
    body: { type: "about:blank", title: "No", status, code, detail: "for the test", ...more },
  };
}

async function read(incoming: IncomingMessage): Promise<FakeRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(incoming.url ?? "/", "http://fake");
  return {
    method: incoming.method ?? "",
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

function send(outgoing: ServerResponse, answer: FakeAnswer): void {
  if (answer === "cut") {
    outgoing.destroy();
    return;
  }
  outgoing.writeHead(answer.status, { "content-type": "application/json" });
  outgoing.end(JSON.stringify(answer.body));
}
