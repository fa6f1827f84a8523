export interface StartKafkaOptions {
  /** Where its data, settings and log are; made where it is missing. Data survives a restart. */
  readonly folder: string;
  readonly cacheFolder: string;
  /** Default: the port of the last start, or a free one. */
  readonly port?: number;
  /** Default 384, or 1,024 for throughput. */
  readonly heapMb?: number;
  /** A larger heap and a collector with short pauses, for streams. */
  readonly forThroughput?: boolean;
  /** It goes on when this process ends; the default is that it ends too, also where this one is killed. */
  readonly outlivesProcess?: boolean;
  /** The port that clients are told to use, where something stands between. Default: its own. */
  readonly advertisedPort?: number;
  /** Lines of server.properties that are added to ours. */
  readonly extraProperties?: readonly string[];
  readonly progress?: (line: string) => void;
  /** Given while it starts: what has begun is ended, and the start rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface LocalKafka {
  readonly bootstrapServers: string;
  /** Of the running process; undefined while it is stopped. */
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Ends it cleanly. Idempotent. */
  stop(): Promise<void>;
  /** Ends it as a crash would (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again at the same address; stops it first where it runs. */
  restart(): Promise<void>;
}
