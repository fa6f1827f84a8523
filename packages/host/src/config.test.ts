import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { ConfigError, configVariables, readConfig, redactConfig } from "./config.ts";

const Config = Type.Object({
  MAX_LAG_MS: Type.Integer({ minimum: 1, maximum: 1000, default: 250, description: "Lag" }),
  SHARE: Type.Number({ minimum: 0, maximum: 1, default: 0.5 }),
  STRICT: Type.Boolean({ default: false }),
  MODE: Type.Union([Type.Literal("fast"), Type.Literal("slow")], { default: "fast" }),
  HOSTS: Type.Array(Type.String({ minLength: 1 }), { default: [] }),
  PORTS: Type.Optional(Type.Array(Type.Integer())),
  NAME: Type.String({ minLength: 2 }),
  API_KEY: Type.Optional(Type.String({ minLength: 10 })),
});

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig("wallet", Config, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults;
  }
  return assert.fail("the configuration was taken");
}

test("text becomes numbers, booleans and lists; defaults fill in; the rest of the environment is nobody's", () => {
  const config = readConfig("wallet", Config, {
    MAX_LAG_MS: "42",
    STRICT: "true",
    MODE: "slow",
    HOSTS: "a, b",
    PORTS: "1,2",
    NAME: "xy",
    PATH: "/bin",
  });
  assert.deepEqual(config, {
    MAX_LAG_MS: 42,
    SHARE: 0.5,
    STRICT: true,
    MODE: "slow",
    HOSTS: ["a", "b"],
    PORTS: [1, 2],
    NAME: "xy",
  });
});

test("the result is frozen, lists too", () => {
  const config = readConfig("wallet", Config, { NAME: "xy", HOSTS: "a" });
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.HOSTS));
});

test("an empty variable counts as not set", () => {
  assert.equal(readConfig("wallet", Config, { NAME: "xy", MAX_LAG_MS: "" }).MAX_LAG_MS, 250);
  assert.deepEqual(faultsOf({ NAME: "" }), ["NAME is not set, wants text of at least 2 characters"]);
});

test("every fault is named with what was given and what is wanted", () => {
  assert.deepEqual(
    faultsOf({ MAX_LAG_MS: "1e2", SHARE: "2", STRICT: "yes", MODE: "medium", NAME: "x", PORTS: "1,b" }),
    [
      'MAX_LAG_MS is "1e2", wants an integer from 1 to 1000',
      'SHARE is "2", wants a number from 0 to 1',
      'STRICT is "yes", wants true or false',
      'MODE is "medium", wants one of fast, slow',
      'PORTS is "1,b", wants a list',
      'NAME is "x", wants text of at least 2 characters',
    ],
  );
});

test("integers are read strictly", () => {
  for (const text of ["0x10", " 5", "5.5", "-1", "Infinity", "NaN", "05"]) {
    assert.equal(faultsOf({ NAME: "xy", MAX_LAG_MS: text }).length, 1, text);
  }
});

test("secrets are in no message and in no log", () => {
  const [fault = ""] = faultsOf({ NAME: "xy", API_KEY: "hunter2" });
  assert.equal(fault, "API_KEY is [redacted, 7 characters], wants text of at least 10 characters");
  const shown = redactConfig(Config, { NAME: "xy", API_KEY: "hunter2hunter2", MAX_LAG_MS: 1 });
  assert.deepEqual(shown, { NAME: "xy", API_KEY: "[redacted]", MAX_LAG_MS: 1 });
});

test("the table of variables has the shell's and the services', each once", () => {
  const table = configVariables([
    { name: "wallet", config: Config },
    { name: "order", config: Type.Object({ MAX_LAG_MS: Type.Integer({ default: 1 }) }) },
  ]);
  const lag = table.find(({ variable }) => variable === "MAX_LAG_MS");
  assert.deepEqual(lag?.services, ["wallet", "order"]);
  assert.deepEqual(table.find(({ variable }) => variable === "LOG_LEVEL")?.services, ["every service"]);
  assert.equal(table.find(({ variable }) => variable === "API_KEY")?.secret, true);
  assert.equal(table.find(({ variable }) => variable === "NAME")?.required, true);
  assert.equal(new Set(table.map(({ variable }) => variable)).size, table.length);
});
