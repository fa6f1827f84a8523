import { type Random, seededRandom } from "@bourse/base";
import { catalogue } from "@bourse/contracts";
import { deliveryMigrations } from "@bourse/delivery";
import { definitions } from "@bourse/platform";
import { schemaOfService } from "@bourse/store";
import { MemoryGroups } from "../bus/memory-groups.ts";
import { type LogCheckpoint, MemoryLog } from "../bus/memory-log.ts";
import { applyMigrations } from "../database/apply-migrations.ts";
import { hideSizes } from "../database/hide-sizes.ts";
import { InProcessPostgres } from "../database/in-process-postgres.ts";
import type { SnapshotDisk } from "../ports/gated-snapshots.ts";
import { Turns } from "../ports/turns.ts";
import { SimTime } from "./sim-time.ts";

/** Everything outside the processes but the database, as it was at a moment. */
export interface Checkpoint {
  readonly savepoint: string;
  readonly log: LogCheckpoint;
  readonly snapshots: SnapshotDisk;
  readonly nowMs: number;
}

const START_MS = 1_700_000_000_000;

/** What is outside every process of the platform and survives its death: database, log, snapshots, time, chance. */
export class World {
  readonly database: InProcessPostgres;
  readonly log: MemoryLog = new MemoryLog();
  readonly snapshots: SnapshotDisk = new Map();
  time: SimTime = new SimTime(START_MS);
  random: Random = seededRandom(1);
  /** What processes that run side by side share: the session of the database, and the groups of the bus. */
  turns: Turns = new Turns();
  groups: MemoryGroups = new MemoryGroups(this.log);
  /** How far the clock that processes read is from the time that passes: it may be set. */
  skewMs = 0;
  #checkpoints = 0;

  private constructor(database: InProcessPostgres) {
    this.database = database;
  }

  /** With the tables of all services and all topics, empty. */
  static async create(): Promise<World> {
    const world = new World(await InProcessPostgres.start());
    for (const { name, migrations } of definitions) {
      if (migrations === undefined) continue;
      const schema = schemaOfService(name);
      await applyMigrations(world.database, schema, [deliveryMigrations, migrations]);
      hideSizes(world.database, schema);
    }
    for (const topic of catalogue) world.log.createTopic(topic);
    world.database.simple("BEGIN");
    return world;
  }

  async close(): Promise<void> {
    await this.database.close();
  }

  /** 128 bits as 32 hex digits. */
  newId(): string {
    let id = "";
    for (let part = 0; part < 4; part++)
      id += this.random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0");
    return id;
  }

  /** No process may run: the next one begins from here as often as it is restored. */
  checkpoint(): Checkpoint {
    const savepoint = `checkpoint_${++this.#checkpoints}`;
    this.database.simple(`SAVEPOINT ${savepoint}`);
    return {
      savepoint,
      log: this.log.checkpoint(),
      snapshots: new Map(this.snapshots),
      nowMs: this.time.clock.nowMs(),
    };
  }

  restore({ savepoint, log, snapshots, nowMs }: Checkpoint, seed: number): void {
    this.database.rollBackTo(savepoint);
    this.log.restore(log);
    this.snapshots.clear();
    for (const [folder, kept] of snapshots) this.snapshots.set(folder, kept);
    this.time = new SimTime(nowMs);
    this.skewMs = 0;
    this.random = seededRandom(seed);
    this.turns = new Turns();
    this.groups = new MemoryGroups(this.log);
  }
}
