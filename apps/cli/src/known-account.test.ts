import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { EXIT } from "./exit-codes.ts";
import { type FakeAnswer, fakeGateway, problemAnswer } from "./testing/fake-gateway.ts";

const STOPS = [
  ["accounts", "block", "alcie"],
  ["order", "cancel-all", "--account", "alcie"],
  ["order", "session", "close", "desk-1", "--account", "alcie"],
];

/** What a stop asks for where the wallet answers so, and how it ends. */
async function stop(t: TestContext, line: readonly string[], wallet: FakeAnswer) {
  const asked: string[] = [];
  const gateway = await fakeGateway(t, ({ method, path }) => {
    asked.push(`${method} ${path}`);
    return path === "/api/v1/accounts/alcie" ? wallet : { status: 202, body: { requestIds: [] } };
  });
  const args = [...line, "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { asked, stderr, code };
}

for (const line of STOPS) {
  test(`${line.join(" ")}: of an account that there is not nothing is said to be stopped`, async (t) => {
    const { asked, stderr, code } = await stop(t, line, problemAnswer(422, "unknown_account"));
    assert.deepEqual(asked, ["GET /api/v1/accounts/alcie"]);
    assert.equal(code, EXIT.refused);
    assert.match(stderr, /unknown_account/);
  });

  test(`${line.join(" ")}: a wallet that is away keeps nothing from being stopped`, async (t) => {
    const { asked, code } = await stop(t, line, problemAnswer(503, "peer_unavailable"));
    assert.equal(asked.length, 2);
    assert.equal(code, EXIT.ok);
  });
}
