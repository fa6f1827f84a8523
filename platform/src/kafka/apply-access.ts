import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { AppliedRules, ScramUser } from "@bourse/bus/kafka";
import { catalogue } from "@bourse/contracts";
import { writeOnce } from "@bourse/disk";
import type { Environment } from "@bourse/host";
import { PlatformError } from "../platform-error.ts";
import { readKafkaSettings } from "./kafka-settings.ts";
import { ADMIN_USER } from "./kafka-users.ts";
import { accessRules, kafkaUsers, userQuotas } from "./service-access.ts";
import { copiesFor, topicSpecs } from "./topic-settings.ts";

export interface ApplyAccessOptions {
  /** KAFKA_* of an administrator. */
  readonly env: Environment;
  /**
   * Where passwords are, a file of each user's name: those that are missing are made, and the brokers are given all of
   * them. Absent: users are made elsewhere.
   */
  readonly passwords?: string;
  readonly progress: (line: string) => void;
}

export interface AppliedAccess extends AppliedRules {
  readonly brokers: number;
  readonly replicationFactor: number;
  readonly topics: number;
  readonly users: readonly string[];
  readonly quotas: number;
}

const PASSWORD_BYTES = 24;

/**
 * Makes a cluster ready for the platform: topics, users, ACLs, quotas. May be run again at any time, and is after each
 * change of a service's topics. Throws {@link PlatformError}, `BusError`, `ConfigError`.
 */
export async function applyKafkaAccess(options: ApplyAccessOptions): Promise<AppliedAccess> {
  const { env, passwords, progress } = options;
  const { bootstrapServers, replicationFactor, tls, sasl } = readKafkaSettings(env, ADMIN_USER);
  if (bootstrapServers === undefined)
    throw new PlatformError(
      "missing_part",
      "KAFKA_BOOTSTRAP_SERVERS is not set: which brokers are to be prepared?",
    );
  const { kafkaAdmin } = await import("@bourse/bus/kafka");
  const admin = kafkaAdmin({
    bootstrapServers,
    clientId: `bourse-acls-${process.pid}`,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  });
  try {
    const brokers = await admin.brokerCount();
    const copies = copiesFor(brokers, replicationFactor);
    progress(`${brokers} brokers; ${catalogue.length} topics with ${copies} copies`);
    await admin.ensureTopics(topicSpecs(catalogue, copies));
    const users = kafkaUsers();
    if (passwords !== undefined) {
      progress(`${users.length} users, whose passwords are in ${passwords}`);
      await admin.applyUsers(users.map((username) => userWithPassword(passwords, username)));
    }
    const rules = accessRules();
    progress(`${rules.length} ACLs`);
    const applied = await admin.applyAccessRules(
      rules,
      users.map((user) => `User:${user}`),
    );
    const quotas = userQuotas();
    progress(`${quotas.length} quotas`);
    await admin.applyQuotas(quotas);
    return {
      ...applied,
      brokers,
      replicationFactor: copies,
      topics: catalogue.length,
      users,
      quotas: quotas.length,
    };
  } finally {
    admin.close();
  }
}

function userWithPassword(folder: string, username: string): ScramUser {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, username);
  if (!existsSync(file))
    writeOnce(file, `${randomBytes(PASSWORD_BYTES).toString("base64url")}\n`, { mode: 0o600 });
  return { username, password: readFileSync(file, "utf8").trim(), mechanism: "SCRAM-SHA-512" };
}
