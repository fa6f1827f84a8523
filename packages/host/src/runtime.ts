import type { AbortSignalLike, Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { OpenSnapshots } from "@bourse/delivery";
import type { MigrationFolder, Store } from "@bourse/store";
import type { Logger } from "pino";
import type { Environment } from "./config.ts";
import type { PlatformDirectory } from "./directory.ts";

/** A service has two pools, so that consumers never starve the doors, nor the doors the consumers (R13). */
export type PoolName = "http" | "consumers";

/** What the platform chose for the services of a process: a service does not know which way it runs. */
export interface Runtime {
  readonly clock: Clock;
  readonly timer: Timer;
  /** 128 random bits as 32 hex digits. */
  readonly newId: () => string;
  readonly env: Environment;
  readonly bus: EventBus;
  /** Brings the schema to the state of the code. Called before its store is opened. `owner`: see `tablesOwner`. */
  readonly migrate: (owner: string, folders: readonly MigrationFolder[]) => Promise<void>;
  /** Never called for a service without migrations. The host closes what it opened. */
  readonly openStore: (owner: string, pool: PoolName) => Store | Promise<Store>;
  readonly directory: PlatformDirectory;
  /** Each service gets a folder of its own in it, shared by its instances. */
  readonly dataFolder: string;
  /** Of the installation; each service gets one derived from it. */
  readonly secret: string;
  /** Proves to a service that another one asks. */
  readonly internalToken: string;
  readonly log: Logger;
  /** Given while a service starts: it gives up waiting for what does not answer, and rejects with that. Absent: never. */
  readonly ending?: AbortSignalLike | undefined;
  /** Tells instances of one service apart. Default: a new id. */
  readonly instanceId?: string;
  /** Checks every outgoing event against its contract: for tests. Default false. */
  readonly validateEvents?: boolean;
  /**
   * `port` 0: any free one. Absent: the definition's. `onListening` is told as soon as health answers.
   * null: no socket, only neighbours in the process reach it; for simulation.
   */
  readonly listen: {
    readonly host: string;
    readonly port?: number;
    readonly onListening?: (url: string) => void;
  } | null;
  /** Where shards keep their snapshots; absent: files in `dataFolder`, which then is made (R16). */
  readonly openSnapshots?: OpenSnapshots;
}
