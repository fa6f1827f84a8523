import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { RouteRequest } from "./definition.ts";
import { unchangingContent } from "./unchanging-content.ts";

function asking(make: () => string | Promise<Buffer>) {
  const handle = unchangingContent({ contentType: "text/plain", make });
  return async (headers: RouteRequest["headers"] = {}) => {
    const request: RouteRequest = {
      params: {},
      query: {},
      body: undefined,
      headers,
      principal: null,
      requestId: "r",
    };
    const answer = await handle(null, request);
    return { ...answer, headers: answer.headers ?? {} };
  };
}

test("it is made once, and is one copy for all who take it", async () => {
  let made = 0;
  const ask = asking(() => `made ${++made}`);
  const [first, second] = await Promise.all([ask(), ask()]);
  assert.equal(String(first.body), "made 1");
  assert.equal(first.body, second.body);
  assert.equal((await ask()).body, first.body);
});

test("who has it is not sent it again", async () => {
  const ask = asking(() => "all of it");
  const { headers } = await ask();
  const etag = headers.etag ?? "";
  assert.match(etag, /^"[\w-]{22}"$/);
  assert.equal(headers["cache-control"], "no-cache");
  for (const known of [etag, `W/${etag}`, `"another", ${etag}`, "*"]) {
    const again = await ask({ "if-none-match": known });
    assert.deepEqual([again.status, again.body, again.headers.etag], [304, undefined, etag], known);
  }
  const zipped = await ask({ "accept-encoding": "gzip" });
  for (const other of ['"another"', zipped.headers.etag ?? "", etag.slice(1, -1)])
    assert.equal((await ask({ "if-none-match": other })).status, 200, other);
  assert.notEqual((await asking(() => "something else")()).headers.etag, etag);
});

test("it is sent gzipped to who takes that, and says that it depends on it", async () => {
  const text = "word ".repeat(1_000);
  const ask = asking(() => text);
  for (const accepted of ["gzip", "deflate, GZIP;q=0.5", "br;q=1, *", "gzip ; q=1.0"]) {
    const { headers, body } = await ask({ "accept-encoding": accepted });
    assert.deepEqual([headers["content-encoding"], headers.vary], ["gzip", "accept-encoding"], accepted);
    assert.equal(gunzipSync(body as Buffer).toString(), text);
    assert.ok((body as Buffer).length < 100);
  }
  for (const accepted of [undefined, "", "identity", "gzip;q=0", "gzip;q=0, *", "*;q=0.0", "br"]) {
    const { headers, body } = await ask({ "accept-encoding": accepted });
    assert.deepEqual([headers["content-encoding"], headers.vary], [undefined, "accept-encoding"]);
    assert.equal(String(body), text);
  }
});

test("what could not be made is made for the next who asks", async () => {
  let tries = 0;
  const ask = asking(async () => {
    if (++tries === 1) throw new Error("not yet");
    return Buffer.from("now");
  });
  await assert.rejects(ask(), /not yet/);
  assert.equal(String((await ask()).body), "now");
});
