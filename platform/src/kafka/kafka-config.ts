import { Type } from "typebox";

/** How a process reaches the brokers and who it is to them. Names as librdkafka has them. */
export const KafkaConfig = Type.Object({
  KAFKA_BOOTSTRAP_SERVERS: Type.Optional(
    Type.String({
      description: "Brokers, host:port with commas between; any that answers tells of the others",
      pattern: "^[^,]+(,[^,]+)*$",
    }),
  ),
  KAFKA_SECURITY_PROTOCOL: Type.Union(
    ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].map((protocol) => Type.Literal(protocol)),
    {
      default: "PLAINTEXT",
      description: "Whether the brokers are spoken to with TLS (SSL) and a user (SASL)",
    },
  ),
  KAFKA_SASL_MECHANISM: Type.Union(
    ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"].map((mechanism) => Type.Literal(mechanism)),
    { default: "SCRAM-SHA-512", description: "How the user proves the password" },
  ),
  KAFKA_SASL_USERNAME: Type.Optional(
    Type.String({
      description: "The user; a process with one service is bourse-<service> where none is given",
    }),
  ),
  KAFKA_SASL_PASSWORD: Type.Optional(Type.String({ description: "The user's password", secret: true })),
  KAFKA_SASL_PASSWORD_FILE: Type.Optional(
    Type.String({
      description: "In its place: a file with the password, or a folder with a file of each user's name",
      secret: false,
    }),
  ),
  KAFKA_SSL_CA_LOCATION: Type.Optional(
    Type.String({
      description:
        "PEM file of the authorities whose certificates the brokers show; absent: those that Node knows",
    }),
  ),
  KAFKA_SSL_CERTIFICATE_LOCATION: Type.Optional(
    Type.String({ description: "PEM file of this client's own certificate, where brokers ask for one" }),
  ),
  KAFKA_SSL_KEY_LOCATION: Type.Optional(Type.String({ description: "PEM file of its key" })),
  KAFKA_SSL_KEY_PASSWORD: Type.Optional(
    Type.String({ description: "What that key is encrypted with", secret: true }),
  ),
  KAFKA_REPLICATION_FACTOR: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 9,
      description:
        "Copies of each topic; topics with fewer are refused. Absent: 3, or 1 where there is one broker (R9)",
    }),
  ),
});
