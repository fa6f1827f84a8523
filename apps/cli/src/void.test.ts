import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { EXIT } from "./exit-codes.ts";
import { fakeGateway } from "./testing/fake-gateway.ts";

it("a void says whose command it was, and whose exit it was", async (t) => {
  const voided = {
    partition: 3,
    sequence: 17,
    reason: "ticket 4711",
    who: "olga",
    at: "2026-11-21T09:30:00.000Z",
  };
  const [orderId, parentOrderId] = ["2", "1"].map((digit) => digit.repeat(32));
  const order = { orderId, accountId: "alice", clientOrderId: "exit-1", parentOrderId };
  const gateway = await fakeGateway(t, () => ({
    status: 201,
    body: { ...voided, command: { eventType: "OrderCreated", ...order } },
  }));
  const args = ["void", "3", "17", "--reason", "ticket 4711", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.equal(code, EXIT.ok);
  assert.match(told, new RegExp(`OrderCreated of order ${orderId} \\(exit-1\\) of alice`));
  assert.match(told, new RegExp(`bourse order show ${parentOrderId}`));
});
