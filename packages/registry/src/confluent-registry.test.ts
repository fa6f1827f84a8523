import assert from "node:assert/strict";
import { test } from "node:test";
import { confluentRegistry } from "./confluent-registry.ts";
import { RegistryError } from "./registry-error.ts";

for (const [what, url, said] of [
  ["without a scheme", "bourse:pa55word@registry:8081", /"\[redacted\]@registry:8081"; wanted is http:/],
  ["of another scheme", "ftp://bourse:pa55@word@registry", /"\[redacted\]@registry"; wanted is http:/],
  ["that is none, and has no password", "registry", /"registry"; wanted is http:/],
  ["whose password has a bare %", "http://bourse:pa55word%@registry:8081", /a % itself is written %25/],
] as const) {
  test(`an address ${what} is refused in words, without its password`, () => {
    assert.throws(
      () => confluentRegistry({ url }),
      (error) => {
        assert.ok(error instanceof RegistryError);
        assert.equal(error.code, "registry_refused");
        assert.match(error.message, said);
        assert.doesNotMatch(`${error.stack}`, /pa55|word@/);
        return true;
      },
    );
  });
}
