/** The SCRAM user that a service is to the brokers. */
export function userOf(service: string): string {
  return `bourse-${service}`;
}

/** Who makes topics, users and rules: a super user of the brokers (deploy/kafka/server.properties). */
export const ADMIN_USER = "bourse-admin";
/** Who writes made-up streams, under a prefix that no service of the platform reads (R2). */
export const GENERATOR_USER = "bourse-generator";
/** Who processes trade streams, by itself, of any prefix's. */
export const PROCESSOR_USER = "bourse-trade-processor";
