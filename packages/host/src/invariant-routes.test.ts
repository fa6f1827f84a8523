import assert from "node:assert/strict";
import { test } from "node:test";
import type { Invariant } from "./definition.ts";
import { bareService } from "./testing/bare-service.ts";
import { testService } from "./testing.ts";

const hex = (digit: string): string => digit.repeat(32);

test("a check of all rules ends between two parts once nobody waits for it", async (t) => {
  const gone = new AbortController();
  const looked: string[] = [];
  const rule = (name: string): Invariant<unknown> => ({
    name,
    rule: "nothing is wrong",
    check: async (_service, after = hex("0")) => {
      looked.push(`${name} ${after[0]}`);
      if (after === hex("1")) gone.abort();
      const next = { next: hex(String(Number(after[0]) + 1)) };
      return { checked: 1, violations: ["wrong"], ...(after === hex("3") ? {} : next) };
    },
  });
  const { directory, request } = await testService(
    t,
    bareService({ invariants: [rule("first"), rule("second")] }),
  );
  const asked = { method: "POST", path: "/internal/invariants", signal: gone.signal } as const;
  await directory.call("wallet", asked, "id", 60_000);
  assert.deepEqual(looked, ["first 0", "first 1"]);
  const { body } = await request("GET", "/metrics");
  assert.doesNotMatch(body, /^bourse_invariant_violations{/m, "half a check is none");
});
