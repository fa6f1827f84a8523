import type { ServiceName } from "@bourse/contracts";

/** How a platform is to be brought up. */
export interface PlatformOptions {
  /** Everything that survives a stop is in here: databases, logs, snapshots, the operator's key. */
  readonly dataFolder: string;
  readonly bus: "embedded" | "kafka";
  /** Only these services in this process; absent: all of them. */
  readonly only?: readonly ServiceName[];
  /** List instruments, fund demo accounts, run demo participants. */
  readonly demo: boolean;
  /** `fixed`: each service's own port. `free`: any free ones (a private platform). */
  readonly ports: "fixed" | "free";
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends a start that waits for what does not answer: it rejects with what it has waited for. Absent: never. */
  readonly ending?: AbortSignal;
  /** A line for people about what is being done and takes its time. */
  readonly progress: (line: string) => void;
}

/** A platform that takes work. */
export interface Platform {
  readonly gatewayUrl: string;
  readonly operatorKey: string;
  /** True where the key was made by this start. */
  readonly firstStart: boolean;
  readonly services: readonly { readonly name: ServiceName; readonly url: string }[];
  /** What of it waits for an operator; null as long as a part is not there yet. {@link stoppedParts} */
  stopped(): Promise<readonly StoppedPart[] | null>;
  /** Ends it in order. Resolves false when something had to be cut off. */
  stop(): Promise<boolean>;
}

/** A part that goes on only once an operator has seen to it, such as a partition of the engine (R8). */
export interface StoppedPart {
  readonly service: string;
  readonly reason: string;
}

/** What `<dataFolder>/run.json` says of a platform that is up: how other commands find it. */
export interface RunFile {
  readonly version: 1;
  readonly bus: "embedded" | "kafka";
  readonly gatewayUrl: string;
  /** Of its Kafka, where it has one. */
  readonly bootstrapServers?: string;
  readonly startedAt: string;
  /** Where each of its services answers. */
  readonly services: Platform["services"];
  /** Everything that was started, in the order in which it is to be stopped. */
  readonly processes: readonly RunningProcess[];
}

export interface RunningProcess {
  /** A service's name, `platform`, `postgres` or `kafka`. */
  readonly name: string;
  readonly pid: number;
  /** Tells the process from a later one that was given its pid, where the machine says so. Added when it is written. */
  readonly started?: string;
  readonly url?: string;
}
