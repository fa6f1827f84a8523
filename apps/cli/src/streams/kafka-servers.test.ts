import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { kafkaServers } from "./kafka-servers.ts";

/** A data folder from which a platform runs: this very process. */
function folder(t: TestContext, run: object | null): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-servers-"));
  t.after(() => rmSync(path, { recursive: true }));
  const processes = [{ name: "platform", pid: process.pid }];
  const text = JSON.stringify({
    version: 1,
    gatewayUrl: "http://127.0.0.1:1",
    startedAt: "",
    services: [],
    processes,
    ...run,
  });
  if (run !== null) writeFileSync(join(path, "run.json"), text);
  return path;
}

test("brokers are those that are named, else those of the platform that runs here", (t) => {
  const data = folder(t, { bus: "kafka", bootstrapServers: "127.0.0.1:9" });
  const env = { KAFKA_BOOTSTRAP_SERVERS: "k:1" };
  assert.equal(kafkaServers({ bootstrap: "k:2", data }, env), "k:2");
  assert.equal(kafkaServers({ data }, env), "k:1");
  assert.equal(kafkaServers({ data }, { KAFKA_BOOTSTRAP_SERVERS: "" }), "127.0.0.1:9");
});

test("without brokers it says what there is and what to do", (t) => {
  const refusal = (run: object | null): CliError => {
    try {
      kafkaServers({ data: folder(t, run) }, {});
    } catch (error) {
      if (error instanceof CliError) return error;
    }
    throw new Error("nothing was refused");
  };
  assert.match(
    refusal({ bus: "embedded" }).message,
    /the embedded log, which only it may write\. `npm run up:kafka`/,
  );
  const none = refusal(null);
  assert.equal(none.exitCode, EXIT.missingPart);
  assert.doesNotMatch(none.message, /embedded/);
});
