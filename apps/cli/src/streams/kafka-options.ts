import { type Command, Option } from "commander";
import { fromHere } from "../data-folder.ts";

/** How brokers are spoken to, where it is said by options. The variables of the services say it otherwise. */
export interface KafkaOptions {
  readonly securityProtocol?: string;
  readonly saslMechanism?: string;
  readonly saslUsername?: string;
  readonly saslPasswordFile?: string;
  readonly sslCa?: string;
  readonly sslCert?: string;
  readonly sslKey?: string;
}

/** A password is never an option: everybody on the machine sees a command's options. */
const VARIABLES: Readonly<Record<keyof KafkaOptions, string>> = {
  securityProtocol: "KAFKA_SECURITY_PROTOCOL",
  saslMechanism: "KAFKA_SASL_MECHANISM",
  saslUsername: "KAFKA_SASL_USERNAME",
  saslPasswordFile: "KAFKA_SASL_PASSWORD_FILE",
  sslCa: "KAFKA_SSL_CA_LOCATION",
  sslCert: "KAFKA_SSL_CERTIFICATE_LOCATION",
  sslKey: "KAFKA_SSL_KEY_LOCATION",
};

export function withKafkaOptions(command: Command): Command {
  const variable = (name: keyof KafkaOptions): string => `(${VARIABLES[name]})`;
  return command
    .addOption(
      new Option(
        "--security-protocol <protocol>",
        `how to speak to the brokers ${variable("securityProtocol")}`,
      ).choices(["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]),
    )
    .addOption(
      new Option(
        "--sasl-mechanism <mechanism>",
        `how the user proves the password ${variable("saslMechanism")}`,
      ).choices(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"]),
    )
    .option("--sasl-username <user>", `the user ${variable("saslUsername")}`)
    .option(
      "--sasl-password-file <file>",
      `a file with the password, or a folder with a file under each user's name ${variable("saslPasswordFile")}; or KAFKA_SASL_PASSWORD`,
    )
    .option(
      "--ssl-ca <file>",
      `PEM file of the authorities that signed the brokers' certificates ${variable("sslCa")}`,
    )
    .option("--ssl-cert <file>", `PEM file of this client's certificate ${variable("sslCert")}`)
    .option(
      "--ssl-key <file>",
      `PEM file of that certificate's key ${variable("sslKey")}; KAFKA_SSL_KEY_PASSWORD`,
    );
}

const FILES: readonly (keyof KafkaOptions)[] = ["saslPasswordFile", "sslCa", "sslCert", "sslKey"];

/** The environment with what the options say instead. A password file that is named goes before a password. */
export function kafkaEnvironment(options: KafkaOptions, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const given: Record<string, string | undefined> = {};
  for (const name of Object.keys(VARIABLES) as (keyof KafkaOptions)[]) {
    const value = options[name];
    if (value !== undefined) given[VARIABLES[name]] = FILES.includes(name) ? fromHere(value) : value;
  }
  if (given.KAFKA_SASL_PASSWORD_FILE !== undefined) given.KAFKA_SASL_PASSWORD = undefined;
  return { ...env, ...given };
}

/** Those of the options that were given, as they are written. */
export function kafkaFlags(options: KafkaOptions): readonly string[] {
  return (Object.keys(VARIABLES) as (keyof KafkaOptions)[])
    .filter((name) => options[name] !== undefined)
    .map((name) => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
}
