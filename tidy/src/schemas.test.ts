import assert from "node:assert/strict";
import { test } from "node:test";
import { catalogueOfCommit, checkSchemas, usualBase } from "@bourse/cli";
import { ROOT } from "./repository.ts";

/** `bourse schemas check`, with the base that it takes where none is named. */
test("readers of every event can go on after this change", async (t) => {
  const base = await usualBase(ROOT);
  t.diagnostic(
    base === null
      ? "NOT COMPARED with any commit: there is no tag v* and no main branch here"
      : `compared with ${base.ref} (${base.why})`,
  );
  const commit = base === null ? null : await catalogueOfCommit(ROOT, base.ref);
  const report = checkSchemas({ mode: "backward", commit });
  assert.ok(report.versions >= report.events && report.events > 0);
  const breaches = report.breaches.map(
    ({ event, versions, field, rule, older, newer, advice }) =>
      `${event} ${versions} ${field}: ${rule}; was: ${older}; is: ${newer}; ${advice}`,
  );
  assert.deepEqual(breaches, []);
});
