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
      detail: "There is no such topic.",
      errors: [{ field: "topic", given: "nope", allowed: "trade-events" }],
    };
    const client = bourseClient({ url: "http://gateway.test", fetch: answering(404, problem) });
    await assert.rejects(answerOf(client.GET("/api/v1/platform/topics")), (error: unknown) => {
      assert.ok(error instanceof ProblemError);
      assert.equal(error.problem.code, "not_found");
      assert.match(error.message, /topic: nope is not allowed; allowed: trade-events/);
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
});
