import { endianness } from "node:os";
import { join } from "node:path";
import { assert, present, refused } from "@bourse/base";
import {
  type BinaryEngine,
  CommandWords,
  createBinaryEngine,
  ENGINE_VERSION,
  type EngineLimits,
  type EventRing,
  restoreBinaryEngine,
  type SnapshotFault,
} from "@bourse/engine";
import { CommandBatch } from "./command-batch.ts";
import { Journal } from "./journal.ts";
import { type JournalDisk, NODE_DISK } from "./journal-disk.ts";
import { corrupt } from "./journal-error.ts";
import { countCommands, type ReadRing, readPayload, runCommands } from "./replay.ts";
import {
  type JournalSnapshot,
  readSnapshotFile,
  snapshotNames,
  writeSnapshotFile,
} from "./snapshot-files.ts";

export const DEFAULT_GROUP_COMMANDS = 1_024;
export const DEFAULT_SNAPSHOT_EVERY = 1_000_000;

export interface EngineJournalOptions extends Partial<EngineLimits> {
  readonly folder: string;
  /** Reads the events of commands that have just become durable. */
  readonly read: ReadRing;
  /** Reads the events of commands that are replayed: they were told before. */
  readonly readReplayed?: ReadRing;
  /** So many commands are committed by themselves. */
  readonly groupCommands?: number;
  /** So many commands after the last snapshot there is another one. */
  readonly snapshotEvery?: number;
  /** Told when a snapshot that was due could not be written. Nothing is lost by it but time at the next start. */
  readonly onSnapshotFailed?: (error: unknown) => void;
  readonly segmentBytes?: number;
  readonly ringWords?: number;
  readonly tellsOrders?: boolean;
  readonly disk?: JournalDisk;
}

/** What it took to come back. */
export interface Recovery {
  /** Number of the command that the restored snapshot was taken after; 0: there was none. */
  readonly snapshot: number;
  readonly replayedCommands: number;
  /** Bytes of a torn tail that were cut: of commands that nobody was told of. */
  readonly tornBytes: number;
  /** The one before us closed the journal. */
  readonly wasClosed: boolean;
  /** Snapshots that were damaged or of another engine version, and passed over. */
  readonly unusableSnapshots: readonly { readonly path: string; readonly fault: SnapshotFault | "damaged" }[];
}

interface Restored {
  readonly engine: BinaryEngine;
  readonly snapshot: JournalSnapshot | null;
  readonly unusable: Recovery["unusableSnapshots"];
}

/**
 * An engine whose commands are durable before it runs them: what its events tell has been on the disk before. The same
 * code runs new commands and replayed ones, so the same journal yields the same events and the same state.
 */
export class EngineJournal {
  /** For questions. Commands go through `submit`. */
  readonly engine: BinaryEngine;
  readonly recovery: Recovery;
  readonly #options: EngineJournalOptions;
  readonly #journal: Journal;
  readonly #batch: CommandBatch;
  #sinceSnapshot: number;

  private constructor(
    options: EngineJournalOptions,
    parts: { readonly engine: BinaryEngine; readonly journal: Journal; readonly recovery: Recovery },
  ) {
    this.#options = options;
    this.engine = parts.engine;
    this.recovery = parts.recovery;
    this.#journal = parts.journal;
    this.#batch = new CommandBatch(options.groupCommands ?? DEFAULT_GROUP_COMMANDS);
    this.#sinceSnapshot = parts.recovery.replayedCommands;
  }

  /** The newest usable snapshot, then what was committed after it. An empty folder is a new journal. Throws `JournalError`. */
  static open(options: EngineJournalOptions): EngineJournal {
    assert(endianness() === "LE", "commands are little-endian in memory as they are in the journal");
    const reader = new Reader(options.readReplayed ?? (() => {}));
    let restored: Restored | undefined;
    let replayedCommands = 0;
    let words = new CommandWords(DEFAULT_GROUP_COMMANDS * 8);
    const opened = Journal.open(
      {
        ...options,
        version: ENGINE_VERSION,
        knows: (version) => version === ENGINE_VERSION,
        after: () => {
          restored = restore(options, reader);
          return restored.snapshot ?? undefined;
        },
      },
      ({ commands, payload }) => {
        const { engine } = present(restored, "the engine that is replayed into");
        words = readPayload(payload, words);
        runCommands(engine, words, reader.read);
        replayedCommands += commands;
      },
    );
    reader.read = options.read;
    const { engine, snapshot, unusable } = present(restored, "the engine that was restored");
    const { journal, tornBytes, wasClosed } = opened;
    return new EngineJournal(options, {
      engine,
      journal,
      recovery: {
        snapshot: snapshot?.sequence ?? 0,
        replayedCommands,
        tornBytes,
        wasClosed,
        unusableSnapshots: unusable,
      },
    });
  }

  /** Number of the last durable command. */
  get durable(): number {
    return this.#journal.place.sequence;
  }

  /** Commands that were submitted and are not durable yet: fewer than `groupCommands`. */
  get waiting(): number {
    return this.#batch.commands;
  }

  /**
   * Takes the whole commands in `words`, from word `from` to word `to`, and commits each time a group is full. Says how
   * many commands are durable now. Throws `InvariantError` for what is not whole commands, and takes none of it;
   * `journal_write_failed` when the disk refuses; what a reader throws. After either of these it is to be opened again.
   */
  submit(words: CommandWords, from = 0, to: number = words.length): number {
    countCommands(words, from, to);
    for (let at = from; at < to; ) {
      at = this.#batch.take(words, at, to);
      if (this.#batch.isFull) this.flush();
    }
    return this.durable;
  }

  /** Commits what waits. Says how many commands are durable now. */
  flush(): number {
    const batch = this.#batch;
    if (batch.commands === 0) return this.durable;
    this.#journal.commit(batch.payload(), batch.commands);
    this.#sinceSnapshot += batch.commands;
    this.#run();
    if (this.#sinceSnapshot >= (this.#options.snapshotEvery ?? DEFAULT_SNAPSHOT_EVERY))
      this.#snapshotIfItCan();
    return this.durable;
  }

  /**
   * Runs what has just become durable. What the engine or its reader throws leaves the engine somewhere in the midst of it:
   * the journal is let go, and opening it again runs all of it anew.
   */
  #run(): void {
    try {
      runCommands(this.engine, this.#batch.words, this.#options.read);
    } catch (error) {
      this.#journal.abandon();
      throw error;
    } finally {
      this.#batch.clear();
    }
  }

  /** Writes a snapshot of what is durable. */
  snapshot(): void {
    const { engine } = this;
    const { folder, disk = NODE_DISK } = this.#options;
    this.#sinceSnapshot = 0;
    writeSnapshotFile(disk, folder, {
      ...this.#journal.place,
      stateHash: engine.stateHash(),
      state: engine.snapshot(),
    });
  }

  /** Commits what waits and lets the folder go. */
  close(): void {
    try {
      this.flush();
    } finally {
      this.#journal.close();
    }
  }

  /** The group is durable whatever becomes of its snapshot, and must be acknowledged. */
  #snapshotIfItCan(): void {
    try {
      this.snapshot();
    } catch (error) {
      this.#options.onSnapshotFailed?.(error);
    }
  }
}

/** Who reads the events: those of replayed commands first. */
class Reader {
  read: ReadRing;

  constructor(read: ReadRing) {
    this.read = read;
  }

  /** In the midst of commands, when the ring is full. */
  onFull = (ring: EventRing): void => {
    this.read(ring);
    ring.releaseTo(-1);
  };
}

/** The newest snapshot that can be used; a damaged one is passed over, because an older one and more replay do as well. */
function restore(options: EngineJournalOptions, { onFull }: Reader): Restored {
  const { folder } = options;
  const unusable: { path: string; fault: SnapshotFault | "damaged" }[] = [];
  for (const name of snapshotNames(folder).toReversed()) {
    const path = join(folder, name);
    const snapshot = readSnapshotFile(path);
    const engine =
      snapshot === null
        ? refused("damaged" as const)
        : restoreBinaryEngine(snapshot.state, { ...options, onFull });
    if (!engine.ok || snapshot === null) {
      unusable.push({ path, fault: engine.ok ? "damaged" : engine.error });
      continue;
    }
    if (engine.value.stateHash() !== snapshot.stateHash)
      throw corrupt(path, 0, "the restored state does not have the hash it was saved with");
    return { engine: engine.value, snapshot, unusable };
  }
  return { engine: createBinaryEngine({ ...options, onFull }), snapshot: null, unusable };
}
