import assert from "node:assert/strict";
import { test } from "node:test";
import { createLogger } from "./logging.ts";

function capture(level: string) {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({ level, destination: { write: (line) => void lines.push(JSON.parse(line)) } });
  return { log, lines };
}

test("a line is one JSON object with level, time, service and message", () => {
  const { log, lines } = capture("info");
  log.child({ service: "wallet" }).info({ trades: 3 }, "settled");
  const [line] = lines;
  assert.deepEqual(
    { ...line, time: typeof line?.time },
    { level: "info", time: "number", service: "wallet", trades: 3, msg: "settled" },
  );
});

test("levels below the threshold are silent", () => {
  const { log, lines } = capture("warn");
  log.info("no");
  log.warn("yes");
  assert.deepEqual(
    lines.map(({ msg }) => msg),
    ["yes"],
  );
});

test("secrets do not reach a log", () => {
  const { log, lines } = capture("info");
  log.info({
    authorization: "Bearer hunter2",
    headers: {
      authorization: "Bearer hunter2",
      cookie: "hunter2",
      "x-bourse-internal": "hunter2",
      accept: "json",
    },
    config: { password: "hunter2", apiKey: "hunter2" },
    token: "hunter2",
  });
  const text = JSON.stringify(lines);
  assert.doesNotMatch(text, /hunter2/);
  assert.match(text, /"accept":"json"/);
});

test("an error is logged with its code and cause", () => {
  const { log, lines } = capture("info");
  log.error(
    { err: Object.assign(new Error("away", { cause: new Error("refused") }), { code: "store_unavailable" }) },
    "x",
  );
  const { err } = lines[0] as { err: { code: string; stack: string } };
  assert.equal(err.code, "store_unavailable");
  assert.match(err.stack, /refused/);
});
