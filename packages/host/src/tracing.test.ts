import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type TestContext, test } from "node:test";
import { Type } from "typebox";
import { bareService } from "./testing/bare-service.ts";
import { testService } from "./testing.ts";
import { currentTraceparent, inSpan, startTracing } from "./tracing.ts";

interface ExportedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes: readonly { readonly key: string; readonly value: object }[];
  readonly status: { readonly code?: number };
}

/** A collector that keeps what it is sent. */
async function collector(t: TestContext): Promise<{ endpoint: string; spans: ExportedSpan[] }> {
  const spans: ExportedSpan[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    for (const resource of body.resourceSpans)
      for (const scope of resource.scopeSpans) spans.push(...scope.spans);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`, spans };
}

test("without an endpoint nothing is traced, and work just runs", async () => {
  const tracing = await startTracing({ endpoint: undefined, sampleShare: 1, serviceName: "x" });
  assert.equal(tracing.enabled, false);
  assert.equal(
    inSpan({ name: "x", kind: "internal" }, () => currentTraceparent() ?? "none"),
    "none",
  );
});

test("a request continues its caller's trace, through peers and failures, and is exported", async (t) => {
  const { endpoint, spans } = await collector(t);
  let inside: string | undefined;
  const definition = bareService({
    name: "order",
    calls: ["wallet"],
    setup: ({ peers }) => peers,
    routes: [
      {
        method: "GET",
        path: "/work/:id",
        summary: "",
        access: "public",
        params: Type.Object({ id: Type.String() }),
        answers: {},
        handle: async (peers, { params }) => {
          inside = currentTraceparent();
          if (params.id === "bad") throw new Error("a bug");
          return {
            status: 200,
            body: await peers.call("wallet", { method: "GET", path: "/internal/holds" }),
          };
        },
      },
    ],
  });
  const { request, running } = await testService(t, definition, {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    peers: { wallet: () => ({ status: 200, body: { held: "1" } }) },
  });
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  assert.deepEqual((await request("GET", "/work/1", { headers: { traceparent } })).body, { held: "1" });
  assert.match(inside ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
  assert.equal((await request("GET", "/work/bad")).status, 500);
  await running.drain(1_000);
  const tracing = await startTracing({ endpoint, sampleShare: 1, serviceName: "again" });
  assert.equal(tracing.enabled, true, "once a process: the same");
  await tracing.shutdown();

  const server = spans.find(
    ({ name, parentSpanId }) => name === "GET /work/:id" && parentSpanId === "b7ad6b7169203331",
  );
  assert.equal(server?.traceId, traceId);
  const client = spans.find(({ name }) => name === "GET wallet/internal/holds");
  assert.deepEqual([client?.traceId, client?.parentSpanId], [traceId, server?.spanId]);
  const failed = spans.filter(({ status }) => status.code === 2);
  assert.deepEqual(
    failed.map(({ name, parentSpanId }) => [name, parentSpanId]),
    [["GET /work/:id", undefined]],
  );
  const statuses = spans
    .filter(({ name }) => name === "GET /work/:id")
    .map(({ attributes }) =>
      JSON.stringify(attributes.find(({ key }) => key === "http.response.status_code")?.value),
    );
  assert.deepEqual(statuses.sort(), ['{"intValue":200}', '{"intValue":500}']);
});
