import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { GatewayClient } from "../client.ts";
import type { Patience } from "../patience.ts";
import { type FakeAnswer, fakeGateway, problemAnswer } from "../testing/fake-gateway.ts";
import { verifyReport } from "./check-invariants.ts";
import { verifyPlatform } from "./verify-platform.ts";

function patience(limitMs = 1_000): Patience {
  let now = 0;
  return {
    limitMs,
    sleep: async (ms) => {
      now += ms;
    },
    nowMs: () => now,
    random: () => 0,
  };
}

const SERVICES = ["order", "wallet", "matching"];
const RULE = { name: "rule", rule: "all is well" };
/** Checked in three parts. */
const SLOW = { name: "slow", rule: "it takes its time" };

interface FakePlatform {
  /** Answers of /quiet, one after the other; the last one stays. */
  readonly quiet?: readonly (readonly string[])[];
  /** What a service finds at its nth look. */
  readonly violations?: (service: string, look: number) => readonly string[];
  /** What is found in each part of the wallet's slow rule. */
  readonly parts?: readonly (readonly string[])[];
  /** Something is written between two looks. */
  readonly moving?: boolean;
  /** How much was written once it was asked so often whether it is quiet, and so many rules were looked at. */
  readonly written?: (asked: number, looks: number) => number;
  /** A service that does not tell its rules. */
  readonly broken?: string;
  /** A service whose slow rule comes to no end in time. */
  readonly slow?: string;
}

async function verify(t: TestContext, platform: FakePlatform, waiting = patience()) {
  const quiet = [...(platform.quiet ?? [[]])];
  const looks: string[] = [];
  let written = 0;
  let asked = 0;
  const gateway = await fakeGateway(t, ({ method, path, query }): FakeAnswer => {
    if (path === "/api/v1/platform/quiet") {
      asked++;
      const reasons = (quiet.length > 1 ? quiet.shift() : quiet[0]) ?? [];
      return {
        status: 200,
        body: { services: [{ service: "wallet", quiet: reasons.length === 0, reasons }] },
      };
    }
    if (path === "/api/v1/platform/status")
      return { status: 200, body: { services: SERVICES.map((service) => ({ service })) } };
    if (path === "/api/v1/platform/topics") {
      if (platform.moving === true) written++;
      const latest = String(platform.written?.(asked, looks.length) ?? written);
      const partitions = [{ partition: 0, earliest: "0", latest }];
      return {
        status: 200,
        body: { topics: [{ name: "trade-events", events: [], partitions, error: null }] },
      };
    }
    const [service = "", name] = path.slice("/api/v1/platform/invariants/".length).split("/");
    if (service === platform.broken) return problemAnswer(503, "not_ready");
    if (method === "GET") return { status: 200, body: { service, invariants: [RULE, SLOW] } };
    looks.push(`${service}/${name}`);
    if (name === SLOW.name) {
      if (service === platform.slow) return problemAnswer(503, "outcome_unknown");
      const after = Number(query.get("after") ?? "0");
      const next = after < 2 ? { next: String(after + 1) } : {};
      const violations = (service === "wallet" ? platform.parts?.[after] : undefined) ?? [];
      const found = { checked: 10, violations, violationCount: violations.length };
      return { status: 200, body: { ...SLOW, ...found, ...next } };
    }
    const look = looks.filter((each) => each === `${service}/${name}`).length;
    const violations = platform.violations?.(service, look) ?? [];
    return {
      status: 200,
      body: { ...RULE, checked: 1, violations, violationCount: violations.length },
    };
  });
  const client = new GatewayClient({ url: gateway.url });
  t.after(() => client.close());
  const reports = await verifyPlatform(client, { patience: waiting });
  return { report: verifyReport(reports), looks, asked };
}

describe("verify", () => {
  it("asks every service once all have been quiet twice in a row", async (t) => {
    const busy = ["2 behind"];
    const { report, looks, asked } = await verify(t, { quiet: [busy, [], busy, [], []] });
    assert.equal(asked, 5);
    assert.deepEqual(
      looks,
      SERVICES.flatMap((service) => [`${service}/rule`, ...Array(3).fill(`${service}/slow`)]),
    );
    assert.deepEqual(report, { ok: true, checks: 6, violations: [], unchecked: 0, moving: [] });
  });

  it("says what it waits for, once it has waited", async (t) => {
    const waits: string[] = [];
    const busy = Array.from({ length: 300 }, () => ["2 behind"]);
    await verify(t, { quiet: [...busy, []] }, { ...patience(60_000), onWait: (why) => waits.push(why) });
    assert.deepEqual(waits, ["wallet: 2 behind"]);
  });

  it("reports violations with service and rule", async (t) => {
    const { report } = await verify(t, {
      violations: (service) => (service === "wallet" ? ["journal 7"] : []),
    });
    assert.deepEqual([report.ok, report.violations, report.moving], [false, ["wallet/rule: journal 7"], []]);
  });

  it("looks again where something was written meanwhile, and believes what stays", async (t) => {
    const passing = await verify(t, {
      moving: true,
      violations: (service, look) => (service === "wallet" && look < 3 ? ["on its way"] : []),
    });
    assert.equal(passing.report.ok, true);
    const looksAt = (rule: string): number => passing.looks.filter((each) => each === rule).length;
    assert.deepEqual([looksAt("wallet/rule"), looksAt("order/rule")], [3, 1]);
    const staying = await verify(t, {
      moving: true,
      violations: (service) => (service === "wallet" ? ["journal 7"] : []),
    });
    assert.deepEqual([staying.report.ok, staying.report.moving], [false, ["wallet"]]);
  });

  it("does not believe what was published before a look and may have been consumed in it", async (t) => {
    const late = await verify(t, {
      // Between the quiet moments and the first rule.
      written: (asked) => (asked < 2 ? 0 : 1),
      violations: (service, look) => (service === "order" && look === 1 ? ["a trade is not settled"] : []),
    });
    assert.deepEqual(late.report, { ok: true, checks: 6, violations: [], unchecked: 0, moving: [] });
  });

  it("does not believe what was committed in a look and is published after it", async (t) => {
    const late = await verify(t, {
      // The relay gets on while it is waited for; before that nothing shows in the logs.
      quiet: [[], [], ["1 event waits to be published"], []],
      written: (asked) => (asked < 3 ? 0 : 1),
      violations: (service, look) => (service === "order" && look === 1 ? ["a hold is unknown"] : []),
    });
    assert.deepEqual(late.report, { ok: true, checks: 6, violations: [], unchecked: 0, moving: [] });
  });

  it("puts together what the parts of a rule have shown", async (t) => {
    const many = Array.from({ length: 15 }, (_, nth) => `hold ${nth}`);
    const { report } = await verify(t, { parts: [["first"], [], many] });
    assert.deepEqual([report.ok, report.checks, report.violations.length], [false, 6, 16]);
    assert.deepEqual(
      [report.violations[0], report.violations.at(-1)],
      ["wallet/slow: first", "wallet/slow: hold 14"],
    );
    const more = await verify(t, { parts: [many, many, []] });
    assert.deepEqual(
      [more.report.violations.length, more.report.violations.at(-1)],
      [21, "wallet/slow: and 10 more"],
    );
  });

  it("counts a service that can't tell its rules as a violation, and checks the others", async (t) => {
    const { report, looks } = await verify(t, { broken: "order" });
    assert.deepEqual([report.checks, looks.length], [5, 8]);
    assert.match(report.violations.join(), /^order\/checkable: it could not be checked: .*not_ready/);
  });

  it("counts a rule that comes to no end as a violation of that rule alone", async (t) => {
    const { report } = await verify(t, { slow: "order" });
    assert.equal(report.checks, 6);
    assert.match(
      report.violations.join(),
      /^order\/slow: it could not be checked: [^,]*outcome_unknown[^,]*$/,
    );
  });

  it("gives up on a platform that never rests, and says who is busy", async (t) => {
    await assert.rejects(
      verify(t, { quiet: [["3 behind on trade-events/1"]] }),
      /--no-demo[\s\S]*wallet: 3 behind/,
    );
  });

  it("tells how many more violations there are than are listed", () => {
    const rule = {
      service: "wallet",
      name: "n",
      rule: "r",
      checked: 9,
      violations: ["a"],
      violationCount: 4,
    };
    assert.deepEqual(verifyReport([rule]).violations, ["wallet/n: a", "wallet/n: and 3 more"]);
  });
});
