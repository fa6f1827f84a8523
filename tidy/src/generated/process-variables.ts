/** An environment variable that is read outside a service's own configuration. */
export interface ProcessVariable {
  readonly variable: string;
  readonly secret?: true;
  readonly description: string;
  /** What holds where it is not set. */
  readonly absent: string;
}

/** What a process and the commands are told of their surroundings. A test holds it against what the code reads. */
export const PROCESS_VARIABLES: readonly ProcessVariable[] = [
  { variable: "BOURSE_DATA", description: "The data folder", absent: "`.bourse` in the project" },
  {
    variable: "BOURSE_HOST",
    description: "Where `bourse up` and `bourse console` listen",
    absent: "`127.0.0.1`",
  },
  {
    variable: "BOURSE_KEY",
    secret: true,
    description: "The key that commands act with",
    absent: "the operator's, out of the data folder",
  },
  {
    variable: "BOURSE_URL",
    description: "The gateway that commands ask",
    absent: "the platform that runs from the data folder, else `http://127.0.0.1:8080`",
  },
  {
    variable: "BOURSE_WITH",
    description: "Services that run only where they are asked for: `trade-processor`",
    absent: "none of them",
  },
  {
    variable: "<SERVICE>_URL",
    description:
      "Where a service is, for the others and for itself: `MARKET_DATA_URL=http://127.0.0.1:9083` moves its port too",
    absent: "this machine, at the service's own port",
  },
  { variable: "CONSOLE_URL", description: "Where the console is, likewise", absent: "port 8090" },
  {
    variable: "DATABASE_URL",
    secret: true,
    description:
      "PostgreSQL as a role that may create roles, `postgres://user:password@host:5432/bourse`; a service by itself must be told",
    absent: "one of the data folder",
  },
  {
    variable: "SCHEMA_REGISTRY_URL",
    secret: true,
    description: "On Kafka: a [schema registry](schemas.md#a-schema-registry)",
    absent: "records are plain JSON",
  },
  {
    variable: "SCHEMA_SUBJECT_STRATEGY",
    description: "Its subjects: `TopicRecordNameStrategy` or `TopicNameStrategy`",
    absent: "`TopicRecordNameStrategy`",
  },
  {
    variable: "CLICKHOUSE_URL",
    secret: true,
    description: "Where `bourse process --sink clickhouse` writes",
    absent: "`http://127.0.0.1:8123`",
  },
  {
    variable: "KAFKA_TOPIC",
    description: "The topic of `bourse produce` and `bourse process` by its whole name",
    absent: "`sim.trade-events`",
  },
  { variable: "HIGH_VOLUME", description: "`true`: `bourse produce` makes 100,000 trades", absent: "10,000" },
];
