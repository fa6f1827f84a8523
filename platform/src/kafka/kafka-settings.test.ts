import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { kafkaSettingsOf, readKafkaSettings } from "./kafka-settings.ts";

describe("the settings of Kafka", () => {
  const folder = mkdtempSync(join(tmpdir(), "kafka-settings-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };

  test("are plain where nothing is said", () => {
    assert.deepEqual(readKafkaSettings({}), {
      bootstrapServers: undefined,
      replicationFactor: undefined,
      isSecured: false,
    });
  });

  test("have TLS and a user where the protocol says so", () => {
    const settings = readKafkaSettings({
      KAFKA_BOOTSTRAP_SERVERS: "one:9092,two:9092",
      KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      KAFKA_SASL_USERNAME: "me",
      KAFKA_SASL_PASSWORD: "secret-word",
      KAFKA_SSL_CA_LOCATION: file("ca.pem", "an authority"),
      KAFKA_REPLICATION_FACTOR: "2",
    });
    assert.deepEqual(settings, {
      bootstrapServers: "one:9092,two:9092",
      replicationFactor: 2,
      isSecured: true,
      tls: { ca: "an authority" },
      sasl: { mechanism: "SCRAM-SHA-512", username: "me", password: "secret-word" },
    });
  });

  test("a service is its own user, with its own password out of a folder", () => {
    const passwords = join(folder, "passwords");
    mkdirSync(passwords);
    writeFileSync(join(passwords, "bourse-wallet"), "of-the-wallet\n");
    const env = { KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT", KAFKA_SASL_PASSWORD_FILE: passwords };
    assert.deepEqual(kafkaSettingsOf(env, ["wallet"]).sasl, {
      mechanism: "SCRAM-SHA-512",
      username: "bourse-wallet",
      password: "of-the-wallet",
    });
    assert.throws(
      () => kafkaSettingsOf(env, ["order"]),
      /KAFKA_SASL_PASSWORD_FILE names .*bourse-order.*ENOENT/,
    );
    assert.throws(() => kafkaSettingsOf(env, ["order", "wallet"]), /KAFKA_SASL_USERNAME is not set/);
  });

  for (const [env, fault] of [
    [{ KAFKA_SECURITY_PROTOCOL: "TLS" }, /KAFKA_SECURITY_PROTOCOL is "TLS", wants one of PLAINTEXT, SSL/],
    [{ KAFKA_SECURITY_PROTOCOL: "SASL_SSL" }, /KAFKA_SASL_USERNAME is not set/],
    [
      { KAFKA_SECURITY_PROTOCOL: "SASL_SSL", KAFKA_SASL_USERNAME: "me" },
      /KAFKA_SASL_PASSWORD is not set, and neither is KAFKA_SASL_PASSWORD_FILE, for the user "me"/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CA_LOCATION: "/nowhere/ca.pem" },
      /KAFKA_SSL_CA_LOCATION names \/nowhere\/ca.pem, which can't be read \(ENOENT\)/,
    ],
    [
      { KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CERTIFICATE_LOCATION: import.meta.filename },
      /KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION are wanted together/,
    ],
    [{ KAFKA_REPLICATION_FACTOR: "0" }, /KAFKA_REPLICATION_FACTOR is "0"/],
    [{ KAFKA_SASL_MECHANISM: "PLAINTEXT", KAFKA_SASL_PASSWORD: "secret-word" }, /KAFKA_SASL_MECHANISM/],
  ] as const) {
    test(`are refused with the variable's name: ${JSON.stringify(Object.keys(env))}`, () => {
      assert.throws(
        () => readKafkaSettings(env),
        (error) => {
          assert.ok(error instanceof Error);
          assert.match(error.message, fault);
          assert.doesNotMatch(`${error.message} ${error.stack}`, /secret-word/);
          return true;
        },
      );
    });
  }
});
