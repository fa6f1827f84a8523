import assert from "node:assert/strict";
import { test } from "node:test";
import { approveRelease, type KillSwitch, type ReleaseRequest } from "./kill-switch.ts";

const engaged: KillSwitch = { accountId: "a", requestId: "k-1", reason: "wild", actor: "op-1", engagedMs: 1 };
const asked: ReleaseRequest = {
  id: "r-1",
  accountId: "a",
  switchRequestId: "k-1",
  maker: "op-1",
  note: "",
  status: "PENDING",
  checker: null,
  createdMs: 2,
};

const cases: readonly [
  what: string,
  request: ReleaseRequest,
  engaged: KillSwitch | null,
  checker: string,
  expected: string,
][] = [
  ["another one approves", asked, engaged, "op-2", "ok"],
  ["the maker approves", asked, engaged, "op-1", "forbidden"],
  ["it is approved already", { ...asked, status: "APPROVED", checker: "op-2" }, engaged, "op-3", "conflict"],
  ["another request was approved", { ...asked, status: "SUPERSEDED" }, engaged, "op-2", "conflict"],
  ["the account is free already", asked, null, "op-2", "conflict"],
  ["it was stopped again since", asked, { ...engaged, requestId: "k-2" }, "op-2", "conflict"],
];

for (const [what, request, now, checker, expected] of cases) {
  test(`given a release request, when ${what}: ${expected}`, () => {
    const decision = approveRelease(request, now, checker);
    assert.equal(decision.ok ? "ok" : decision.error.code, expected);
  });
}
