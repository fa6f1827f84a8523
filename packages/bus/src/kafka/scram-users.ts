import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { BusError } from "../bus-error.ts";
import { retrying } from "./backoff.ts";
import { alterUserScramCredentialsV0, ScramMechanisms } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { isUnknownUser } from "./connection-failure.ts";
import { brokerError, KafkaCode, unavailable } from "./failure.ts";

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

/**
 * Makes the users, or gives them another password, and waits until every broker lets them in by it. The password itself
 * stays here: brokers keep a salted hash.
 */
export async function applyScramUsers(cluster: Cluster, users: readonly ScramUser[]): Promise<void> {
  if (users.length === 0) return;
  const salted = await Promise.all(users.map(saltedUser));
  const connection = await cluster.anyConnection("control");
  const { results } = await connection.call(alterUserScramCredentialsV0.api, LIMIT_MS, [], salted);
  for (const { user, errorCode, errorMessage } of results) {
    if (errorCode === KafkaCode.NONE) continue;
    throw brokerError(errorCode, `the user ${user} (${errorMessage})`, cluster.access("ALTER", "cluster"));
  }
  await whenLetIn(cluster, users);
}

/**
 * The controller answers once the users are written; each broker reads of them a moment later, and refuses them until
 * then. Asked where this client itself is let in by SCRAM: elsewhere its port may be none for users with a password.
 * Throws `bus_unavailable` where a broker has not read of them after 15 s.
 */
export async function whenLetIn(cluster: Cluster, users: readonly ScramUser[]): Promise<void> {
  if (cluster.mechanism?.startsWith("SCRAM") !== true) return;
  const signal = AbortSignal.timeout(LIMIT_MS);
  for (const user of users) await retrying(signal, () => requireLetIn(cluster, user));
}

async function requireLetIn(cluster: Cluster, { username, password, mechanism }: ScramUser): Promise<void> {
  try {
    await cluster.tryAs({ username, password, mechanism });
  } catch (cause) {
    if (isUnknownUser(cause)) throw unavailable(`a broker does not know the user ${username} yet`, cause);
    // A port that takes the other of the two mechanisms alone: it can't be asked there.
    if (!(cause instanceof BusError) || cause.retryable) throw cause;
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
