import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { it } from "node:test";
import { EXIT } from "./exit-codes.ts";
import { serviceAddresses } from "./testing/addresses.ts";
import { folder, run } from "./testing/up-commands.ts";

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

it("up says which port is taken, who wants it and what to do", async (t) => {
  const taken = await listen();
  t.after(() => taken.close());
  const env = {
    ...(await serviceAddresses()),
    WALLET_URL: `http://127.0.0.1:${portOf(taken)}`,
    BOURSE_DATA: folder(t),
  };
  const up = run(["up", "--no-demo"], env);
  assert.equal(await up.ended, EXIT.portTaken, up.said.stderr);
  assert.match(
    up.said.stderr,
    new RegExp(`port ${portOf(taken)}, which wallet listens on, is taken.*WALLET_URL`),
  );
});

it("up refuses data of another version and says what to do", async (t) => {
  const data = folder(t);
  writeFileSync(join(data, "data.json"), JSON.stringify({ version: 0, secret: "s" }));
  writeFileSync(join(data, "operator.key"), "bk_x\n");
  const up = run(["up"], { BOURSE_DATA: data });
  assert.equal(await up.ended, EXIT.dataVersion, up.said.stderr);
  assert.match(up.said.stderr, /version 0.*bourse reset/);
});

for (const [what, env, code, words] of [
  ["a service's address", { AUTH_URL: "9081" }, EXIT.usage, /AUTH_URL is "9081", and allowed is an http/],
  [
    "the console's address",
    { CONSOLE_URL: "9090" },
    EXIT.usage,
    /CONSOLE_URL is "9090", and allowed is an http/,
  ],
  ["the log's level", { LOG_LEVEL: "loud" }, EXIT.usage, /LOG_LEVEL is "loud", wants one of fatal/],
  [
    "its database",
    { DATABASE_URL: "postgres://u:p@127.0.0.1:1/b" },
    EXIT.missingPart,
    /can't be reached by DATABASE_URL: .*ECONNREFUSED/,
  ],
  [
    "a database password that makes no URL",
    { DATABASE_URL: "postgres://u:se#cret@127.0.0.1:1/b" },
    EXIT.usage,
    /DATABASE_URL is no URL of PostgreSQL \[redacted, 34 characters\], and allowed is such as/,
  ],
  [
    "another database",
    { DATABASE_URL: "mysql://u:secret@h/b" },
    EXIT.usage,
    /DATABASE_URL is no URL of Post/,
  ],
  [
    "what runs with it",
    { BOURSE_WITH: "tea" },
    EXIT.usage,
    /BOURSE_WITH \(--with\) is tea, and allowed is trade-processor/,
  ],
  ["where to listen", { BOURSE_HOST: "192.0.2.1" }, EXIT.missingPart, /can't listen on 192.0.2.1.*--host/],
] as const) {
  it(`up says what is wrong with a variable, and ends: ${what}`, async (t) => {
    const up = run(["up", "--no-demo"], { ...(await serviceAddresses()), BOURSE_DATA: folder(t), ...env });
    assert.equal(await up.ended, code, up.said.stderr);
    assert.match(up.said.stderr, words);
    assert.doesNotMatch(up.said.stderr, /\n {4}at /);
  });
}

for (const [what, args, env, words] of [
  [
    "no address",
    [],
    { KAFKA_BOOTSTRAP_SERVERS: "kafka:x" },
    /KAFKA_BOOTSTRAP_SERVERS: "kafka:x" is no broker/,
  ],
  ["no port", ["--bootstrap", "a:9092,b:0"], {}, /KAFKA_BOOTSTRAP_SERVERS: "b:0" is no broker address/],
  [
    "nothing",
    ["--bootstrap", ""],
    {},
    /'--bootstrap <servers>' argument '' is invalid. Allowed is host:port/,
  ],
  ["no protocol", [], { KAFKA_SECURITY_PROTOCOL: "TLS" }, /KAFKA_SECURITY_PROTOCOL is "TLS", wants one of/],
  ["no password", [], { KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }, /KAFKA_SASL_PASSWORD is not set.*"bourse-/],
] as const) {
  it(`up on Kafka says what is wrong with its brokers before it starts anything: ${what}`, async (t) => {
    const up = run(["up", "--no-demo", "--bus", "kafka", ...args], {
      ...(await serviceAddresses()),
      BOURSE_DATA: folder(t),
      ...env,
    });
    assert.equal(await up.ended, EXIT.usage, up.said.stderr);
    assert.match(up.said.stderr, words);
    assert.doesNotMatch(up.said.stderr, /starting|\n {4}at /);
  });
}

it("up says what is wrong with a data folder", async (t) => {
  const data = folder(t);
  const file = join(data, "file");
  writeFileSync(file, "");
  // Under /proc the system makes none.
  const places = existsSync("/proc/self") ? [file, "/proc/bourse/data"] : [file];
  for (const place of places)
    for (const args of [["up"], ["up", "--detach"]]) {
      const up = run([...args, "--data", place], {});
      assert.equal(await up.ended, EXIT.missingPart, up.said.stderr);
      assert.match(up.said.stderr, /^the data folder is .*(file|data), allowed is a folder .* by --data /);
    }
  const keyless = join(data, "keyless");
  mkdirSync(keyless);
  writeFileSync(join(keyless, "data.json"), JSON.stringify({ version: 1, secret: "s" }));
  const up = run(["up"], { BOURSE_DATA: keyless });
  assert.equal(await up.ended, EXIT.missingPart, up.said.stderr);
  assert.match(up.said.stderr, /operator.key can't be read.*put it back/);
});
