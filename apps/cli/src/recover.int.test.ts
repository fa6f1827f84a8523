import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { startPostgres } from "@bourse/store/local-postgres";
import { EXIT } from "./exit-codes.ts";
import { folder, run } from "./testing/up-commands.ts";

/** Ctrl-C once PostgreSQL is up. */
const INTERRUPTED = `--import=data:text/javascript,${encodeURIComponent(`
  const write = process.stderr.write;
  process.stderr.write = function (text, ...rest) {
    if (String(text).includes("comparing")) process.kill(process.pid, "SIGINT");
    return write.call(this, text, ...rest);
  };`)}`;

it("a recovery that is interrupted ends with its database: a folder that is restored next is nobody's", async (t) => {
  const data = folder(t);
  for (const part of ["postgres", "bus"]) mkdirSync(join(data, part));
  const recover = run(["recover", "portfolio", "--dry-run"], {
    BOURSE_DATA: data,
    NODE_OPTIONS: INTERRUPTED,
  });
  assert.equal(await recover.ended, EXIT.interrupted, recover.said.stderr);
  const next = await startPostgres({ folder: join(data, "postgres") });
  t.after(() => next.stop());
  assert.equal(next.adopted, false);
});
