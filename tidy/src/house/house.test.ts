import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { listFiles, readFiles, type Violation } from "../repository.ts";
import { assertNone } from "../testing.ts";
import { checkLayout, checkReadmes } from "./layout.ts";
import { checkManifests } from "./manifests.ts";
import { checkLock, checkTraces } from "./traces.ts";

const isCode = (path: string): boolean => /\.(ts|tsx|cjs|mjs|sql|sh)$/.test(path);
const isText = (path: string): boolean =>
  isCode(path) ||
  /\.(md|json|jsonc|ya?ml|toml|html|css|xml|svg|js|tf|properties|txt)$|(^|\/)\.?[^/.]+$/.test(path);
const isManifest = (path: string): boolean =>
  path.endsWith("package.json") && path !== "toolchain/node/package.json";
const isLock = (path: string): boolean => path.endsWith("package-lock.json");

describe("the house", () => {
  test("files are short, and named after an idea", () => {
    const sources = readFiles(isCode);
    assert.ok(sources.length > 100);
    assertNone(checkLayout(listFiles(), sources));
  });

  test("every workspace has a README", () => {
    const manifests = listFiles().filter(isManifest);
    assert.ok(manifests.length > 20);
    assertNone(
      checkReadmes(
        manifests,
        readFiles((path) => path.endsWith("/README.md")),
      ),
    );
  });

  test("manifests are alike and pin exactly", () => {
    assertNone(checkManifests(readFiles(isManifest)));
  });

  test("lock files hold no download addresses", () => {
    const locks = readFiles(isLock);
    assert.equal(locks.length, 3);
    assertNone(locks.flatMap(checkLock));
  });

  test("nothing names a registry or one person's machine", () => {
    const texts = readFiles((path) => isText(path) && !isLock(path));
    assert.ok(texts.length > 100);
    assert.ok(texts.some(({ path }) => path === ".npmrc"));
    assertNone(checkTraces(texts));
  });
});

describe("a planted fault is found", () => {
  const one = (violations: readonly Violation[], rule: RegExp): void => {
    assert.equal(violations.length, 1);
    assert.match(violations[0]?.rule ?? "", rule);
  };
  const manifest = (more: object): string =>
    JSON.stringify({ private: true, type: "module", license: "Apache-2.0", description: "x", ...more });

  test("a long file", () => one(checkLayout([], [{ path: "a.ts", text: "x\n".repeat(601) }]), /601 lines/));
  test("a folder without an idea", () => one(checkLayout(["packages/base/src/utils/sum.ts"], []), /"utils"/));
  test("a file without an idea", () =>
    one(checkLayout(["packages/base/src/order-helpers.ts"], []), /helpers/));
  test("a name that is not kebab-case", () =>
    one(checkLayout(["packages/base/src/orderBook.ts"], []), /kebab/));
  test("a missing README", () => one(checkReadmes(["packages/base/package.json"], []), /missing/));
  test("an empty README", () =>
    one(checkReadmes(["platform/package.json"], [{ path: "platform/README.md", text: "#" }]), /too little/));
  test("a range", () =>
    one(checkManifests([{ path: "p", text: manifest({ dependencies: { pg: "^8.0.0" } }) }]), /not pinned/));
  test("a range of what is optional, and of what others bring", () => {
    for (const kind of ["optionalDependencies", "peerDependencies"])
      one(checkManifests([{ path: "p", text: manifest({ [kind]: { pg: "^8.0.0" } }) }]), /not pinned/);
  });
  test("two versions", () =>
    one(
      checkManifests([
        { path: "p", text: manifest({ dependencies: { pg: "8.0.0" } }) },
        { path: "q", text: manifest({ devDependencies: { pg: "8.0.1" } }) },
      ]),
      /8\.0\.1 here and 8\.0\.0 in p/,
    ));
  test("a public package", () =>
    one(checkManifests([{ path: "p", text: manifest({ private: false }) }]), /private/));
  test("a download address", () =>
    one(checkLock({ path: "l", text: `"resolved": "https://example.org/a.tgz"` }), /download address/));
  test("a registry", () =>
    one(
      checkTraces([{ path: "a.md", text: `see https://${["registry", "npmjs", "org"].join(".")}/x` }]),
      /registry/,
    ));
  test("a path of one machine", () =>
    one(checkTraces([{ path: "a.md", text: ["see ", "home", "ann", "bourse"].join("/") }]), /one machine/));
});
