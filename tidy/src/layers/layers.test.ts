import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { describeViolations, readFiles, type TextFile } from "../repository.ts";
import { assertNone } from "../testing.ts";
import { PURE_PACKAGES } from "./allow-map.ts";
import { checkLayers } from "./check-layers.ts";
import { isPure } from "./rooms.ts";

describe("the repository", () => {
  const files = readFiles((path) => /\.tsx?$|package\.json$/.test(path));
  const report = checkLayers(files);

  test("keeps its layers", () => {
    assertNone(report.violations);
  });

  test("was looked at", () => {
    assert.ok(report.sources > 100, `${report.sources} sources`);
    assert.ok(report.manifests >= 24, `${report.manifests} manifests`);
    for (const name of PURE_PACKAGES) {
      const prefix = `packages/${name}/src/`;
      assert.ok(
        files.some(({ path }) => path.startsWith(prefix) && isPure(path)),
        `no pure file in ${prefix}`,
      );
    }
    assert.ok(
      files.some(({ path }) => path.startsWith("services/") && isPure(path)),
      "no domain file",
    );
  });
});

interface Plant {
  readonly what: string;
  readonly path: string;
  readonly text: string;
  readonly found: RegExp;
}

const engine = "packages/engine/src/book.ts";
const risk = "services/risk/src/routes/check.ts";
const domain = "services/risk/src/domain/limits.ts";

const plants: readonly Plant[] = [
  {
    what: "an import upwards",
    path: "packages/market/src/order.ts",
    text: `import { Book } from "@bourse/engine";`,
    found: /market may not import engine/,
  },
  {
    what: "an import of types upwards",
    path: "packages/market/src/order.ts",
    text: `import type { Book } from "@bourse/engine";`,
    found: /market may not import engine/,
  },
  {
    what: "an import() upwards",
    path: "packages/bus/src/port.ts",
    text: "export const later = () => import(`@bourse/host`);",
    found: /bus may not import host/,
  },
  {
    what: "a type that is imported in place",
    path: "packages/bus/src/port.ts",
    text: `export type Later = import("@bourse/host").Shell;`,
    found: /bus may not import host/,
  },
  {
    what: "a require",
    path: "packages/bus/src/port.ts",
    text: `export const later = require("@bourse/host");`,
    found: /bus may not import host/,
  },
  {
    what: "a re-export from above",
    path: "packages/ledger/src/index.ts",
    text: `export { Book } from "@bourse/engine";`,
    found: /ledger may not import engine/,
  },
  {
    what: "a package between equals that is not in the map",
    path: "packages/store/src/port.ts",
    text: `import { partitionOf } from "@bourse/bus";`,
    found: /store may not import bus/,
  },
  {
    what: "an application below the platform",
    path: "platform/src/compose.ts",
    text: `import { up } from "@bourse/cli";`,
    found: /platform may not import cli/,
  },
  {
    what: "a service in a service",
    path: risk,
    text: `import { hold } from "@bourse/wallet";`,
    found: /a service never imports another service/,
  },
  {
    what: "a relative path into another package",
    path: engine,
    text: `import { order } from "../../market/src/order.ts";`,
    found: /crosses the border/,
  },
  {
    what: "a relative path into another service",
    path: risk,
    text: `import { hold } from "../../../wallet/src/domain/hold.ts";`,
    found: /crosses the border/,
  },
  {
    what: "the Kafka client beside its room",
    path: "packages/bus/src/embedded/log.ts",
    text: `import { Producer } from "@platformatic/kafka";`,
    found: /the Kafka client is not allowed here/,
  },
  {
    what: "the PostgreSQL driver in a service",
    path: "services/wallet/src/adapters/database.ts",
    text: `import { Pool } from "pg";`,
    found: /the PostgreSQL driver is not allowed here/,
  },
  {
    what: "the disk in a route",
    path: risk,
    text: `import { readFileSync } from "node:fs";`,
    found: /network and disk is not allowed here/,
  },
  {
    what: "the network by its global name in a consumer",
    path: risk,
    text: `export const page = await fetch("http://example.org");`,
    found: /network and disk is not allowed here: fetch/,
  },
  {
    what: "a limit in real time in a service",
    path: risk,
    text: "export const limit = AbortSignal.timeout(5_000);",
    found: /network and disk is not allowed here: AbortSignal\.timeout/,
  },
  {
    what: "a testing face outside tests",
    path: risk,
    text: `import { testDatabase } from "@bourse/store/testing";`,
    found: /is for tests/,
  },
  {
    what: "a test's file outside tests",
    path: "packages/store/src/port.ts",
    text: `import { testDatabase } from "./testing.ts";`,
    found: /is for tests/,
  },
  {
    what: "the clock in a service",
    path: risk,
    text: "export const now = () => Date.now();",
    found: /clock and randomness is not allowed here: Date.now/,
  },
  {
    what: "a new Date of now in the host",
    path: "packages/host/src/http/server.ts",
    text: "export const now = () => new Date();",
    found: /clock and randomness is not allowed here: new Date/,
  },
  {
    what: "randomness in a service",
    path: risk,
    text: `import { randomUUID } from "node:crypto";`,
    found: /clock and randomness is not allowed here: node:crypto/,
  },
  {
    what: "a timer in a service",
    path: risk,
    text: "setTimeout(() => {}, 10);",
    found: /timers is not allowed here/,
  },
  {
    what: "Date in a pure package",
    path: engine,
    text: "export const day = new Date(0);",
    found: /pure code has no Date/,
  },
  {
    what: "Math.random in a pure package",
    path: engine,
    text: "export const dice = Math.random();",
    found: /pure code has no Math\.random/,
  },
  {
    what: "process in domain/",
    path: domain,
    text: "export const limit = process.env.LIMIT;",
    found: /pure code has no process/,
  },
  {
    what: "node: in domain/",
    path: domain,
    text: `import { createHash } from "node:crypto";`,
    found: /pure code imports only pure packages: node:crypto/,
  },
  {
    what: "a library in domain/",
    path: domain,
    text: `import { Type } from "typebox";`,
    found: /pure code imports only pure packages: typebox/,
  },
  {
    what: "an impure package in domain/",
    path: domain,
    text: `import { sql } from "@bourse/store";`,
    found: /pure code imports only pure packages: @bourse\/store/,
  },
  {
    what: "a way out of domain/",
    path: domain,
    text: `import { RiskConfig } from "../config.ts";`,
    found: /leaves domain\//,
  },
  {
    what: "a dependency upwards in a manifest",
    path: "packages/market/package.json",
    text: `{ "devDependencies": { "@bourse/engine": "0.1.0" } }`,
    found: /market may not import engine/,
  },
  {
    what: "a service in a service's manifest",
    path: "services/risk/package.json",
    text: `{ "dependencies": { "@bourse/wallet": "0.1.0" } }`,
    found: /a service never imports another service/,
  },
  {
    what: "a driver in a manifest",
    path: "services/risk/package.json",
    text: `{ "dependencies": { "pg": "8.23.1" } }`,
    found: /the PostgreSQL driver is only in packages\/store/,
  },
  {
    what: "the Kafka client in a manifest",
    path: "packages/delivery/package.json",
    text: `{ "dependencies": { "@platformatic/kafka": "2.12.1" } }`,
    found: /the Kafka client is only in packages\/bus/,
  },
  {
    what: "a package without a line in the map",
    path: "packages/gadgets/package.json",
    text: "{}",
    found: /no line in the allow-map/,
  },
  { what: "a file that does not parse", path: engine, text: "export const = 1;", found: /does not parse/ },
];

describe("a planted violation is found", () => {
  for (const { what, path, text, found } of plants) {
    test(what, () => {
      const { violations } = checkLayers([{ path, text }]);
      assert.equal(violations.length, 1, describeViolations(violations));
      assert.match(violations[0]?.rule ?? "", found);
    });
  }
});

describe("what is allowed passes", () => {
  const allowed: readonly TextFile[] = [
    { path: engine, text: `import { tick } from "@bourse/market"; import { level } from "./level.ts";` },
    { path: engine, text: "export interface Row { Date: string } export const x = (row: Row) => row.Date;" },
    { path: engine, text: "export const row = { process: 1, Date: 2 };" },
    { path: "packages/engine/src/book.test.ts", text: `import { test } from "node:test"; Date.now();` },
    { path: domain, text: `import { feeOf } from "@bourse/market"; import { rate } from "./rate.ts";` },
    { path: "services/wallet/src/domain/settle.ts", text: `import { post } from "@bourse/ledger";` },
    { path: risk, text: "export const text = (timeMs: number) => new Date(timeMs).toISOString();" },
    { path: "platform/src/machine-clock.ts", text: "export const now = () => Date.now();" },
    { path: "platform/src/compose.ts", text: `import { wallet } from "@bourse/wallet";` },
    { path: "services/matching/src/adapters/snapshots.ts", text: `import { open } from "node:fs/promises";` },
    { path: "packages/bus/src/kafka/client.ts", text: `import { Producer } from "@platformatic/kafka";` },
    { path: "packages/bus/package.json", text: `{ "dependencies": { "@platformatic/kafka": "2.12.1" } }` },
  ];
  for (const file of allowed) {
    test(`${file.path}: ${file.text}`, () => {
      assertNone(checkLayers([file]).violations);
    });
  }
});

describe("imports in a circle", () => {
  const file = (name: string, ...imported: readonly string[]): TextFile => ({
    path: `packages/engine/src/${name}.ts`,
    text: imported.map((target) => `import type { X } from "./${target}.ts";`).join("\n"),
  });
  const circlesOf = (...files: readonly TextFile[]): readonly string[] =>
    checkLayers(files).violations.map(({ path, rule }) => `${path} ${rule}`);

  test("are found once, types included, at the first of the files", () => {
    assert.deepEqual(circlesOf(file("a", "b"), file("b", "c"), file("c", "a", "d"), file("d")), [
      "packages/engine/src/a.ts imports itself, by way of packages/engine/src/b.ts, packages/engine/src/c.ts",
    ]);
  });

  test("are found beside each other, also where one imports the other", () => {
    const found = circlesOf(file("a", "b", "c"), file("b", "a"), file("c", "d"), file("d", "c"));
    assert.deepEqual(found.toSorted(), [
      "packages/engine/src/a.ts imports itself, by way of packages/engine/src/b.ts",
      "packages/engine/src/c.ts imports itself, by way of packages/engine/src/d.ts",
    ]);
  });

  test("are found in a file alone", () => {
    assert.deepEqual(circlesOf(file("a", "a")), [
      "packages/engine/src/a.ts imports itself, by way of nothing else",
    ]);
  });

  test("are none where two ways lead to the same file", () => {
    assert.deepEqual(circlesOf(file("a", "b", "c"), file("b", "d"), file("c", "d"), file("d", "gone")), []);
  });
});
