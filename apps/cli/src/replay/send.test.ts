import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { GatewayClient } from "../client.ts";
import type { Patience } from "../patience.ts";
import { type FakeAnswer, type FakeRequest, fakeGateway, problemAnswer } from "../testing/fake-gateway.ts";
import type { Batch } from "./batches.ts";
import { sendBatches } from "./send.ts";

/** A clock that is moved by waiting. */
function patience(limitMs: number): Patience & { readonly waits: string[] } {
  let now = 0;
  const waits: string[] = [];
  return {
    limitMs,
    sleep: async (ms) => {
      now += ms;
    },
    nowMs: () => now,
    random: () => 0.999,
    onWait: (why) => waits.push(why),
    waits,
  };
}

function batch(index: number, ids: readonly string[], prints: readonly string[] = []): Batch {
  const items = ids.map(
    (id) =>
      ({
        action: "PLACE",
        accountId: "t-b01",
        symbol: "X",
        side: "BUY",
        orderType: "LIMIT",
        timeInForce: "GTC",
        quantity: "1",
        price: "1",
        clientOrderId: id,
      }) as const,
  );
  return {
    index,
    commandsSoFar: 0,
    items,
    body: JSON.stringify({ items }),
    prints: prints.map((printId) => ({ printId, price: "1", quantity: "1" })),
    expected: [],
    skipped: 0,
  };
}

async function* given(...batches: readonly Batch[]): AsyncGenerator<Batch> {
  yield* batches;
}

function placed({ body }: FakeRequest): FakeAnswer {
  const results = body.items.map(({ clientOrderId }: { clientOrderId: string }) => ({
    status: 201,
    order: { orderId: `o-${clientOrderId}`, clientOrderId },
  }));
  return { status: 200, body: { results } };
}

async function send(
  t: TestContext,
  batches: AsyncIterator<Batch>,
  answer: (request: FakeRequest, nth: number) => FakeAnswer | Promise<FakeAnswer>,
  limitMs = 1_000_000,
) {
  const gateway = await fakeGateway(t, answer);
  const client = new GatewayClient({ url: gateway.url, key: "k" });
  t.after(() => client.close());
  const waiting = patience(limitMs);
  const sent = await sendBatches(batches, { client, symbol: "X", patience: waiting });
  return { sent, gateway, waits: waiting.waits };
}

const idsOf = ({ body }: FakeRequest): readonly string[] =>
  body.items.map(({ clientOrderId }: { clientOrderId: string }) => clientOrderId);

describe("batches", () => {
  it("are sent one at a time and in order, the next one made meanwhile", async (t) => {
    const made: number[] = [];
    let inFlight = 0;
    async function* making(): AsyncGenerator<Batch> {
      for (const index of [0, 1, 2]) {
        made.push(index);
        yield batch(index, [`a${index}`]);
      }
    }
    const { sent, gateway } = await send(t, making(), async (request, nth) => {
      assert.equal(++inFlight, 1);
      // The one behind it is being made while this one is in flight.
      if (nth < 2) while (!made.includes(nth + 1)) await new Promise(setImmediate);
      inFlight--;
      return placed(request);
    });
    assert.deepEqual(gateway.requests.map(idsOf), [["a0"], ["a1"], ["a2"]]);
    assert.deepEqual([sent.accepted, sent.rejected, sent.batches, sent.retries], [3, 0, 3, 0]);
    assert.deepEqual(
      [...sent.clientOrderIds],
      [0, 1, 2].map((index) => [`o-a${index}`, `a${index}`]),
    );
    assert.equal(gateway.requests[0]?.headers.authorization, "Bearer k");
  });

  for (const [what, fault] of [
    ["whose connection is cut", "cut"],
    ["that is answered 503", problemAnswer(503, "outcome_unknown")],
    ["that is answered 429", problemAnswer(429, "order_rate_exceeded")],
    [
      "of which one item met something that was away",
      {
        status: 200,
        body: { results: [{ status: 201 }, { status: 503, problem: { code: "peer_unavailable" } }] },
      },
    ],
  ] as const) {
    it(`${what} are sent again as they are, before the next one`, async (t) => {
      const { sent, gateway, waits } = await send(
        t,
        given(batch(0, ["a", "b"]), batch(1, ["c"])),
        (request, nth) => (nth < 2 ? fault : placed(request)),
      );
      assert.deepEqual(gateway.requests.map(idsOf), [["a", "b"], ["a", "b"], ["a", "b"], ["c"]]);
      assert.deepEqual([sent.accepted, sent.rejected, sent.retries, waits.length], [3, 0, 2, 1]);
    });
  }

  it("that stay away longer than the patience lasts end the replay", async (t) => {
    await assert.rejects(
      send(t, given(batch(0, ["a"])), () => problemAnswer(503, "engine_lag"), 5_000),
      /gave up after 5 s: No \(503 engine_lag\)/,
    );
  });

  it("that the platform refuses as a whole end it at once", async (t) => {
    await assert.rejects(
      send(t, given(batch(0, ["a"])), () => problemAnswer(401, "unauthenticated")),
      /401 unauthenticated/,
    );
  });

  it("tell refused items apart, by code and in words", async (t) => {
    const problem = { title: "Too large", status: 422, code: "size_limit_exceeded", detail: "d", errors: [] };
    const { sent } = await send(t, given(batch(0, ["a", "b", "c"])), () => ({
      status: 200,
      body: { results: [{ status: 201 }, { status: 422, problem }] },
    }));
    assert.deepEqual([sent.accepted, sent.rejected], [1, 2]);
    assert.deepEqual(
      [...sent.refusals],
      [
        ["size_limit_exceeded", 1],
        ["no_answer", 1],
      ],
    );
    assert.match(sent.firstRefusals[0] ?? "", /^PLACE b: Too large \(422 size_limit_exceeded\)/);
  });

  it("put their hidden prints on the tape and nowhere else", async (t) => {
    const { sent, gateway } = await send(t, given(batch(0, [], ["t-h1", "t-h2"])), () => ({
      status: 200,
      body: { recorded: 2, known: 0 },
    }));
    assert.deepEqual([sent.accepted, sent.prints], [2, 2]);
    assert.deepEqual(
      gateway.requests.map(({ path }) => path),
      ["/api/v1/markets/X/prints"],
    );
  });

  it("of which one can't be made stop the replay", async (t) => {
    async function* failing(): AsyncGenerator<Batch> {
      yield batch(0, ["a"]);
      throw new Error("row 2 is no row");
    }
    await assert.rejects(
      send(t, failing(), (request) => placed(request)),
      /row 2/,
    );
  });
});
