import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { BusError } from "../bus-error.ts";
import { records, takeCount } from "../conformance-suite.ts";
import { kafkaSkip, privateKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = (await kafkaSkip(process.env, "own")) ?? opensslMissing();
const PASSWORD = "a-password";

function opensslMissing(): string | undefined {
  try {
    execFileSync("openssl", ["version"]);
    return undefined;
  } catch {
    return "there is no openssl to make a certificate with";
  }
}

/** A certificate for 127.0.0.1 that signs itself, as PEM files for the broker and for the client. */
function certificate(folder: string): { readonly authority: string; readonly keystore: string } {
  const [key, certificateFile, keystore] = [
    join(folder, "key.pem"),
    join(folder, "certificate.pem"),
    join(folder, "keystore.pem"),
  ];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
      ...["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificateFile],
    ],
    { stdio: "ignore" },
  );
  writeFileSync(keystore, readFileSync(key, "utf8") + readFileSync(certificateFile, "utf8"));
  return { authority: readFileSync(certificateFile, "utf8"), keystore };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Of the listener with TLS and SCRAM, which is beside the plain one. */
function securitySettings(keystore: string): readonly string[] {
  const prefix = "listener.name.secure";
  return [
    "sasl.enabled.mechanisms=SCRAM-SHA-512",
    `${prefix}.sasl.enabled.mechanisms=SCRAM-SHA-512`,
    `${prefix}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
    `${prefix}.ssl.keystore.type=PEM`,
    `${prefix}.ssl.keystore.location=${keystore}`,
  ];
}

test("TLS and SCRAM: what works without them works with them, and a wrong password is named", {
  skip: skip ?? false,
  timeout: 90_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "bus-secured-"));
  const { authority, keystore } = certificate(folder);
  const port = await freePort();
  const kafka = await privateKafka(process.env, {
    secureListener: `SECURE://localhost:${port}`,
    extraProperties: securitySettings(keystore),
    formatOptions: ["--add-scram", `SCRAM-SHA-512=[name=bourse,password=${PASSWORD}]`],
  });
  const settings = { bootstrapServers: `localhost:${port}`, clientId: "test", tls: { ca: authority } };
  const bus = kafkaBus({
    ...settings,
    sasl: { mechanism: "SCRAM-SHA-512", username: "bourse", password: PASSWORD },
  });
  const intruder = kafkaBus({
    ...settings,
    callTimeoutMs: 1500,
    sasl: { mechanism: "SCRAM-SHA-512", username: "bourse", password: "another" },
  });
  try {
    await bus.ensureTopics([{ name: "t", partitions: 1, retentionMs: -1 }]);
    await bus.send([{ topic: "t", partition: 0, records: records(10) }]);
    const consumer = await bus.consume({ group: "g", topics: ["t"], onAssigned: async () => new Map() });
    assert.equal((await takeCount(consumer, 10)).at(-1)?.value, "9");
    await assert.rejects(
      intruder.topics(),
      (error) => error instanceof BusError && /authentication failed/i.test(error.message),
    );
  } finally {
    await Promise.all([bus.close(), intruder.close()]);
    await kafka.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});
