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

interface FakePlatform {
  /** Answers of /quiet, one after the other; the last one stays. */
  readonly quiet?: readonly (readonly string[])[];
  /** What a service finds at its nth look. */
  readonly violations?: (service: string, look: number) => readonly string[];
  /** Something is written between two looks. */
  readonly moving?: boolean;
  readonly broken?: string;
}

async function verify(t: TestContext, platform: FakePlatform) {
  const quiet = [...(platform.quiet ?? [[]])];
  const looks: string[] = [];
  let written = 0;
  let asked = 0;
  const gateway = await fakeGateway(t, ({ path }): FakeAnswer => {
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
      const partitions = [{ partition: 0, earliest: "0", latest: String(written) }];
      return { status: 200, body: { topics: [{ name: "trade-events", events: [], partitions }] } };
    }
    const service = path.split("/").at(-1) ?? "";
    looks.push(service);
    if (service === platform.broken) return problemAnswer(503, "not_ready");
    const violations = platform.violations?.(service, looks.filter((each) => each === service).length) ?? [];
    const invariants = [
      { name: "rule", rule: "all is well", checked: 1, violations, violationCount: violations.length },
    ];
    return { status: 200, body: { service, invariants } };
  });
  const client = new GatewayClient({ url: gateway.url });
  t.after(() => client.close());
  const reports = await verifyPlatform(client, { patience: patience() });
  return { report: verifyReport(reports), looks, asked };
}

describe("verify", () => {
  it("asks every service once all have been quiet twice in a row", async (t) => {
    const busy = ["2 behind"];
    const { report, looks, asked } = await verify(t, { quiet: [busy, [], busy, [], []] });
    assert.equal(asked, 5);
    assert.deepEqual(looks, SERVICES);
    assert.deepEqual(report, { ok: true, checks: SERVICES.length, violations: [], unchecked: 0, moving: [] });
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
    assert.equal(passing.looks.filter((service) => service === "wallet").length, 3);
    const staying = await verify(t, {
      moving: true,
      violations: (service) => (service === "wallet" ? ["journal 7"] : []),
    });
    assert.deepEqual([staying.report.ok, staying.report.moving], [false, ["wallet"]]);
  });

  it("counts a service that can't check its rules as a violation", async (t) => {
    const { report } = await verify(t, { broken: "order" });
    assert.match(report.violations.join(), /^order\/checkable: it could not be checked: .*not_ready/);
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
