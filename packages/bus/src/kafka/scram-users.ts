import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { alterUserScramCredentialsV0, ScramMechanisms } from "@platformatic/kafka";
import { BusError } from "../bus-error.ts";
import type { Cluster } from "./cluster.ts";
import { brokerError, KafkaCode } from "./failure.ts";

export interface ScramUser {
  readonly username: string;
  /** Printable ASCII, at least 8 characters: what needs no normalisation (RFC 4013). */
  readonly password: string;
  readonly mechanism: "SCRAM-SHA-256" | "SCRAM-SHA-512";
}

const LIMIT_MS = 15_000;
/** Kafka takes 4,096 to 16,384. */
const ITERATIONS = 8192;
const SALT_BYTES = 24;
const HASHES = {
  "SCRAM-SHA-256": { mechanism: ScramMechanisms.SCRAM_SHA_256, digest: "sha256", bytes: 32 },
  "SCRAM-SHA-512": { mechanism: ScramMechanisms.SCRAM_SHA_512, digest: "sha512", bytes: 64 },
} as const;

/** Makes the users, or gives them another password. The password itself stays here: brokers keep a salted hash. */
export async function applyScramUsers(cluster: Cluster, users: readonly ScramUser[]): Promise<void> {
  if (users.length === 0) return;
  const salted = await Promise.all(users.map(saltedUser));
  const connection = await cluster.anyConnection("control");
  const { results } = await connection.call(alterUserScramCredentialsV0.api, LIMIT_MS, [], salted);
  for (const { user, errorCode, errorMessage } of results) {
    if (errorCode === KafkaCode.NONE) continue;
    throw brokerError(errorCode, `the user ${user} (${errorMessage})`, cluster.access("ALTER", "cluster"));
  }
}

async function saltedUser({ username, password, mechanism }: ScramUser): Promise<{
  readonly name: string;
  readonly mechanism: number;
  readonly iterations: number;
  readonly salt: Buffer;
  readonly saltedPassword: Buffer;
}> {
  if (!/^[\x21-\x7e]{8,128}$/.test(password))
    throw new BusError(
      "bus_refused",
      `the password of ${username} is no 8 to 128 printable ASCII characters`,
      {
        retryable: false,
      },
    );
  const { mechanism: number, digest, bytes } = HASHES[mechanism];
  const salt = randomBytes(SALT_BYTES);
  // RFC 5802: Hi(password, salt, iterations).
  const saltedPassword = await promisify(pbkdf2)(password, salt, ITERATIONS, bytes, digest);
  return { name: username, mechanism: number, iterations: ITERATIONS, salt, saltedPassword };
}
