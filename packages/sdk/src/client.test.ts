import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bourseClient } from "./client.ts";
import { answerOf, ProblemError } from "./problem-error.ts";

const answering = (status: number, body: unknown) => async (): Promise<Response> =>
  Response.json(body, { status });

describe("the client", () => {
  it("asks by path, query and key, and answers with what came", async () => {
    const asked: Request[] = [];
    const client = bourseClient({
      url: "http://gateway.test",
      key: "bk_1",
      fetch: async (request) => {
        asked.push(request);
        return Response.json({ records: [], nextOffset: "7" });
      },
    });
    const answer = await answerOf(
      client.GET("/api/v1/platform/topics/{topic}/records", {
        params: { path: { topic: "trade-events" }, query: { partition: 3, last: 10 } },
      }),
    );
    assert.equal(answer.nextOffset, "7");
    const [request] = asked;
    assert.equal(
      request?.url,
      "http://gateway.test/api/v1/platform/topics/trade-events/records?partition=3&last=10",
    );
    assert.equal(request?.headers.get("authorization"), "Bearer bk_1");
  });

  it("rejects with the problem: its code, its detail, the fields", async () => {
    const problem = {
      type: "urn:bourse:problem:not_found",
      title: "Not found",
      status: 404,
      code: "not_found",
      detail: "There is no such topic",
      errors: [{ field: "topic", given: "nope", allowed: "trade-events" }],
    };
    const client = bourseClient({ url: "http://gateway.test", fetch: answering(404, problem) });
    await assert.rejects(answerOf(client.GET("/api/v1/platform/topics")), (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, "not_found");
      assert.equal(error.message, "There is no such topic; topic: given nope, allowed trade-events");
      return true;
    });
  });

  it("says so where what answers is no platform", async () => {
    const client = bourseClient({ url: "http://gateway.test", fetch: answering(502, { oops: 1 }) });
    await assert.rejects(
      answerOf(client.GET("/api/v1/platform/topics")),
      (error: unknown) =>
        error instanceof ProblemError &&
        error.problem.code === "not_a_problem_document" &&
        error.problem.status === 502,
    );
  });

  it("says so too where a page is answered as if all were well", async () => {
    const fetch = async (): Promise<Response> =>
      new Response("<html></html>", { headers: { "content-type": "text/html" } });
    await assert.rejects(
      answerOf(bourseClient({ url: "http://gateway.test", fetch }).GET("/api/v1/markets")),
      (error: unknown) =>
        error instanceof ProblemError &&
        error.problem.code === "not_a_problem_document" &&
        error.message === "status 200, text/html",
    );
  });

  it("says each field once, and further members as they came", async () => {
    const problem = {
      type: "urn:bourse:problem:off_lot",
      title: "The quantity is off the lot",
      status: 422,
      code: "off_lot",
      detail: "quantity: given 0.5, allowed from 1 to 9, and 1 more",
      errors: [
        { field: "quantity", given: "0.5", allowed: "from 1 to 9" },
        { field: "price", given: "0", allowed: "from 1 to 5" },
      ],
      lot: "1",
    };
    const client = bourseClient({ url: "http://gateway.test", fetch: answering(422, problem) });
    await assert.rejects(answerOf(client.GET("/api/v1/markets")), (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(
        error.message,
        "quantity: given 0.5, allowed from 1 to 9, and 1 more; price: given 0, allowed from 1 to 5",
      );
      assert.equal(error.problem.lot, "1");
      assert.equal(error.retryAfterMs, undefined);
      return true;
    });
  });

  it("says when to come again", async () => {
    const busy = { type: "t", title: "t", status: 503, code: "queue_full", detail: "d" };
    const afterwards = async (told: string): Promise<number | undefined> => {
      const fetch = async (): Promise<Response> =>
        Response.json(busy, { status: 503, headers: { "retry-after": told } });
      const call = answerOf(bourseClient({ url: "http://gateway.test", fetch }).GET("/api/v1/markets"));
      return call.then(
        () => assert.fail(),
        (error: ProblemError) => error.retryAfterMs,
      );
    };
    assert.equal(await afterwards("2"), 2_000);
    assert.equal(await afterwards("Sun, 22 Nov 2026 22:00:00 GMT"), undefined);
  });

  for (const [options, field] of [
    [{ url: "127.0.0.1:8080" }, "url"],
    [{ url: "localhost:8080" }, "url"],
    [{ key: "bk_abc\u2026" }, "key"],
    [{ key: "bk_abc\nbk_def" }, "key"],
  ] as const)
    it(`is not made with what can't be sent: ${JSON.stringify(options)}`, () => {
      assert.throws(() => bourseClient(options), {
        name: "ProblemError",
        message: new RegExp(`^${field}: given (?!.*bk_).*, allowed `),
      });
    });

  it("takes a key as it is in its file", () => {
    bourseClient({ url: "https://gateway.test/bourse/", key: "bk_abc\n" });
  });
});
