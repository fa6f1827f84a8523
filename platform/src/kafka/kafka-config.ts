import { Type } from "typebox";

/** How a process reaches the brokers and who it is to them. Names as librdkafka has them. */
export const KafkaConfig = Type.Object({
  KAFKA_BOOTSTRAP_SERVERS: Type.Optional(
    Type.String({
      description:
        "Brokers to connect to first, host:port separated by commas; the others are learnt from them",
      pattern: "^[^,]+(,[^,]+)*$",
    }),
  ),
  KAFKA_SECURITY_PROTOCOL: Type.Union(
    ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"].map((protocol) => Type.Literal(protocol)),
    {
      default: "PLAINTEXT",
      description: "Whether connections to brokers use TLS (SSL) and authentication (SASL)",
    },
  ),
  KAFKA_SASL_MECHANISM: Type.Union(
    ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"].map((mechanism) => Type.Literal(mechanism)),
    { default: "SCRAM-SHA-512", description: "The SASL mechanism" },
  ),
  KAFKA_SASL_USERNAME: Type.Optional(
    Type.String({
      description: "The user name. If not set, a process with one service uses bourse-<service>",
    }),
  ),
  KAFKA_SASL_PASSWORD: Type.Optional(Type.String({ description: "The user's password", secret: true })),
  KAFKA_SASL_PASSWORD_FILE: Type.Optional(
    Type.String({
      description:
        "Instead of the password: a file that holds it, or a folder with one file per user, named after the user",
      secret: false,
    }),
  ),
  KAFKA_SSL_CA_LOCATION: Type.Optional(
    Type.String({
      description: "PEM file of the certificate authorities to trust; if not set, those that Node trusts",
    }),
  ),
  KAFKA_SSL_CERTIFICATE_LOCATION: Type.Optional(
    Type.String({ description: "PEM file of this client's certificate, if the brokers require one" }),
  ),
  KAFKA_SSL_KEY_LOCATION: Type.Optional(
    Type.String({ description: "PEM file of the client certificate's private key" }),
  ),
  KAFKA_SSL_KEY_PASSWORD: Type.Optional(
    Type.String({ description: "The passphrase of that private key", secret: true }),
  ),
  KAFKA_REPLICATION_FACTOR: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 9,
      description:
        "Replicas of each topic; topics with fewer are refused. If not set: 3, or 1 if there is only one broker (R9)",
    }),
  ),
});
