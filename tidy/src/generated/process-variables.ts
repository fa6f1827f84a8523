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
    description: "The API key that commands use",
    absent: "the operator's key, from the data folder",
  },
  {
    variable: "BOURSE_URL",
    description: "The gateway that commands talk to",
    absent: "the platform that runs from the data folder, otherwise `http://127.0.0.1:8080`",
  },
  {
    variable: "BOURSE_WITH",
    description: "Optional services to run as well: `trade-processor`",
    absent: "none",
  },
  {
    variable: "<SERVICE>_URL",
    description:
      "The address of a service. The others call it there, and it listens on that port: `MARKET_DATA_URL=http://127.0.0.1:9083`",
    absent: "this machine, at the service's own port",
  },
  { variable: "CONSOLE_URL", description: "The address of the console, likewise", absent: "port 8090" },
  {
    variable: "DATABASE_URL",
    secret: true,
    description:
      "The PostgreSQL to use, with a role that may create roles: `postgres://user:password@host:5432/bourse`. A service that runs alone needs it",
    absent: "the platform starts its own, in the data folder",
  },
  {
    variable: "SCHEMA_REGISTRY_URL",
    secret: true,
    description: "Kafka only: the [schema registry](schemas.md#a-schema-registry)",
    absent: "none; records are plain JSON",
  },
  {
    variable: "SCHEMA_SUBJECT_STRATEGY",
    description: "How its subjects are named: `TopicRecordNameStrategy` or `TopicNameStrategy`",
    absent: "`TopicRecordNameStrategy`",
  },
  {
    variable: "CLICKHOUSE_URL",
    secret: true,
    description: "The ClickHouse that `bourse process --sink clickhouse` writes to",
    absent: "`http://127.0.0.1:8123`",
  },
  {
    variable: "KAFKA_TOPIC",
    description: "The topic of `bourse produce` and `bourse process`, its full name",
    absent: "`sim.trade-events`",
  },
  {
    variable: "HIGH_VOLUME",
    description: "If `true`, `bourse produce` makes 100,000 trades",
    absent: "10,000",
  },
];
