import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { Command } from "commander";
import { type KafkaOptions, kafkaEnvironment, kafkaFlags, withKafkaOptions } from "./kafka-options.ts";

const read = (...args: readonly string[]): KafkaOptions =>
  withKafkaOptions(new Command("x").exitOverride().configureOutput({ writeErr: () => undefined }))
    .parse(args, { from: "user" })
    .opts<KafkaOptions>();

test("options go before the variables that services have, and the others stay", () => {
  const env = {
    KAFKA_SECURITY_PROTOCOL: "SSL",
    KAFKA_SASL_PASSWORD: "secret",
    KAFKA_SSL_CA_LOCATION: "/ca.pem",
  };
  const options = read(
    "--security-protocol",
    "SASL_SSL",
    "--sasl-username",
    "ops",
    "--sasl-password-file",
    "/keys",
  );
  assert.deepEqual(kafkaEnvironment(options, env), {
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_USERNAME: "ops",
    KAFKA_SASL_PASSWORD_FILE: "/keys",
    KAFKA_SASL_PASSWORD: undefined,
    KAFKA_SSL_CA_LOCATION: "/ca.pem",
  });
  assert.deepEqual(kafkaEnvironment({}, env), env);
});

test("files are those of the folder where the command was given", () => {
  const { KAFKA_SSL_CA_LOCATION } = kafkaEnvironment(read("--ssl-ca", "ca.pem"), {});
  assert.equal(KAFKA_SSL_CA_LOCATION, resolve(process.env.INIT_CWD ?? ".", "ca.pem"));
});

test("what is not allowed is refused, and no option is a password", () => {
  assert.throws(
    () => read("--security-protocol", "TLS"),
    /Allowed choices are PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL/,
  );
  assert.throws(() => read("--sasl-password", "secret"), /unknown option/);
  assert.deepEqual(kafkaFlags(read("--ssl-ca", "x", "--sasl-username", "y")), [
    "--sasl-username",
    "--ssl-ca",
  ]);
});
