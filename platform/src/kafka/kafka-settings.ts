import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { BusError, brokerAddresses } from "@bourse/bus";
import type { KafkaConnectionOptions } from "@bourse/bus/kafka";
import { ConfigError, type Environment, readConfig } from "@bourse/host";
import type { Static } from "typebox";
import { KafkaConfig } from "./kafka-config.ts";
import { userOf } from "./kafka-users.ts";

type Config = Static<typeof KafkaConfig>;

export interface KafkaSettings extends Pick<KafkaConnectionOptions, "tls" | "sasl"> {
  readonly bootstrapServers: string | undefined;
  readonly replicationFactor: number | undefined;
  /** Whether the brokers may tell clients apart. */
  readonly isSecured: boolean;
}

const OWNER = "the event bus";

/**
 * What the environment says of Kafka. `user` is who it is where no user is named: a service's. Throws `ConfigError`
 * naming the variable that is wrong or missing, or the file that can't be read; no secret is in it.
 */
export function readKafkaSettings(env: Environment, user?: string): KafkaSettings {
  const config = readConfig(OWNER, KafkaConfig, env);
  assertAddresses(config.KAFKA_BOOTSTRAP_SERVERS);
  const protocol = String(config.KAFKA_SECURITY_PROTOCOL);
  const tls = protocol.endsWith("SSL") ? tlsOf(config) : undefined;
  const sasl = protocol.startsWith("SASL_") ? saslOf(config, user) : undefined;
  return {
    bootstrapServers: config.KAFKA_BOOTSTRAP_SERVERS,
    replicationFactor: config.KAFKA_REPLICATION_FACTOR,
    isSecured: tls !== undefined || sasl !== undefined,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function assertAddresses(servers: string | undefined): void {
  if (servers === undefined) return;
  try {
    brokerAddresses(servers);
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    throw new ConfigError(OWNER, [`KAFKA_BOOTSTRAP_SERVERS: ${error.message}`]);
  }
}

/** Of one service by itself. */
export function kafkaSettingsOf(env: Environment, only: readonly string[] | undefined): KafkaSettings {
  const [service] = only ?? [];
  return readKafkaSettings(env, service === undefined || only?.length !== 1 ? undefined : userOf(service));
}

/** TLS and user alone, for those who are told of the brokers otherwise. */
export function kafkaSecurity(env: Environment, user?: string): Pick<KafkaSettings, "tls" | "sasl"> {
  const { tls, sasl } = readKafkaSettings(env, user);
  return { ...(tls === undefined ? {} : { tls }), ...(sasl === undefined ? {} : { sasl }) };
}

function tlsOf(config: Config): NonNullable<KafkaSettings["tls"]> {
  const ca = fileOf(config, "KAFKA_SSL_CA_LOCATION");
  const cert = fileOf(config, "KAFKA_SSL_CERTIFICATE_LOCATION");
  const key = fileOf(config, "KAFKA_SSL_KEY_LOCATION");
  if ((cert === undefined) !== (key === undefined))
    throw new ConfigError(OWNER, [
      "KAFKA_SSL_CERTIFICATE_LOCATION and KAFKA_SSL_KEY_LOCATION are wanted together, one is not set",
    ]);
  const passphrase = config.KAFKA_SSL_KEY_PASSWORD;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function saslOf(config: Config, user: string | undefined): NonNullable<KafkaSettings["sasl"]> {
  const username = config.KAFKA_SASL_USERNAME ?? user;
  if (username === undefined)
    throw new ConfigError(OWNER, [
      `KAFKA_SASL_USERNAME is not set, and KAFKA_SECURITY_PROTOCOL is ${config.KAFKA_SECURITY_PROTOCOL}`,
    ]);
  const password = config.KAFKA_SASL_PASSWORD ?? passwordFromFile(config, username);
  if (password === undefined)
    throw new ConfigError(OWNER, [
      `KAFKA_SASL_PASSWORD is not set, and neither is KAFKA_SASL_PASSWORD_FILE, for the user "${username}"`,
    ]);
  const mechanism = config.KAFKA_SASL_MECHANISM as NonNullable<KafkaSettings["sasl"]>["mechanism"];
  return { mechanism, username, password };
}

function passwordFromFile(config: Config, username: string): string | undefined {
  const given = config.KAFKA_SASL_PASSWORD_FILE;
  if (given === undefined) return undefined;
  const isFolder = existsSync(given) && statSync(given).isDirectory();
  return readNamed("KAFKA_SASL_PASSWORD_FILE", isFolder ? join(given, username) : given).trim();
}

function fileOf(
  config: Config,
  name: "KAFKA_SSL_CA_LOCATION" | "KAFKA_SSL_CERTIFICATE_LOCATION" | "KAFKA_SSL_KEY_LOCATION",
): string | undefined {
  const file = config[name];
  return file === undefined ? undefined : readNamed(name, file);
}

function readNamed(variable: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ConfigError(OWNER, [`${variable} names ${file}, which can't be read (${reason})`]);
  }
}
