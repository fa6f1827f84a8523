import { OperationalError } from "@bourse/base";
import type { Topic } from "@bourse/contracts";
import type { Statement, Store } from "@bourse/store";
import { type Actor, auditEvent } from "./audit.ts";
import { type CommitParts, commitUnit } from "./commit.ts";
import type { EffectConsumption, Unit } from "./definitions.ts";
import type { EffectParts } from "./effect-parts.ts";
import { EffectRunner } from "./effect-runner.ts";
import { askingOnce, elsewhereOfMarks, leftElsewhere } from "./elsewhere.ts";
import type { OutgoingEvent } from "./envelope.ts";
import {
  behindBy,
  compareTable,
  lockMarksOf,
  marksOf,
  type RebuildComparison,
  WHOLE_TABLES,
} from "./rebuild-comparison.ts";
import { rebuildStore } from "./rebuild-store.ts";
import type { ConsumptionStatus, Runner } from "./status.ts";

export type RebuildState = "NONE" | "BUILDING" | "SWITCHED" | "ENDED";

/** Where a rebuild stands. */
export interface RebuildStatus {
  readonly subscription: string;
  readonly state: RebuildState;
  readonly generation: number;
  /** Of the generation that is built in this instance; null: it is not built here at the moment. */
  readonly runner: ConsumptionStatus | null;
  /** Records that the new generation is behind the ends of the logs; null: one of the ends is not known. */
  readonly lag: number | null;
}

export interface RebuildParts<Service> {
  readonly service: Service;
  readonly consumption: EffectConsumption<Service>;
  readonly effect: EffectParts;
  /** Of the service's doors. */
  readonly store: Store;
  readonly commit: CommitParts;
  /** A pool of its own for the generation that is built; closed by whoever gave it. */
  readonly openStore: () => Promise<Store>;
  /** Where it is told who has begun, switched, dropped or given up what. */
  readonly audit: Topic;
}

/** Who asks for a step, for the audit. */
export interface RebuildCommand {
  readonly actor: Actor;
  readonly requestId: string;
}

/** What an operator asked for does not fit the state of the rebuild. */
export class RebuildError extends OperationalError {
  override readonly name = "RebuildError";

  constructor(code: "rebuild_refused" | "rebuild_behind", message: string) {
    super(code, message, { retryable: code === "rebuild_behind" });
  }
}

/** Where tables lie: named by the service's own schema. */
interface Schemas {
  readonly live: string;
  readonly retiredSchema: string;
  /** Of the generation that is built: its tables, and all else as it is. */
  readonly searchPath: string;
  readonly next: (table: string) => string;
  readonly retired: (table: string) => string;
}

/** How long the old generation may be held still at the switch: below its lock timeout (R5). */
const SWITCH_MS = 1_500;
const SWITCH_POLL_MS = 10;

/**
 * R5: builds a projection anew from the beginning of its topics under a new subscription name, in empty tables, while
 * the old one serves; then both change places in one transaction. Marks never go back.
 */
export class Rebuild<Service> {
  readonly subscription: string;
  readonly #parts: RebuildParts<Service>;
  readonly #tables: readonly string[];
  #runner: Runner | null = null;
  #store: Store | null = null;
  /** Of whoever came first, where several start it at once. */
  #opening: Promise<void> | null = null;

  constructor(parts: RebuildParts<Service>) {
    this.#parts = parts;
    this.subscription = parts.consumption.subscription;
    this.#tables = parts.consumption.projection?.tables ?? [];
  }

  async status(): Promise<RebuildStatus> {
    const { generation, state } = await this.#row();
    return {
      subscription: this.subscription,
      state,
      generation,
      runner: this.#runner?.status() ?? null,
      lag: state === "BUILDING" ? await this.#lag(generation) : 0,
    };
  }

  /** Begins a new generation in empty tables; one that was being built before a restart goes on where it was. */
  async start(command: RebuildCommand): Promise<RebuildStatus> {
    const { generation, state } = await this.#row();
    if (state === "SWITCHED")
      throw new RebuildError(
        "rebuild_refused",
        "the last rebuild is switched; its old tables are still to be dropped",
      );
    if (state !== "BUILDING") await this.#begin(generation + 1, command);
    const now = await this.#row();
    if (this.#runner === null) {
      this.#opening ??= this.#run(now.generation).finally(() => {
        this.#opening = null;
      });
      await this.#opening;
    }
    return await this.status();
  }

  async compare(): Promise<RebuildComparison> {
    const { generation } = await this.#building();
    const { next } = await this.#schemas();
    return await this.#parts.store.transaction("rebuild.compare", async (tx) => {
      // One snapshot for all of it, and as long as whole tables take.
      await tx.run([
        { text: "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", values: [] },
        ...WHOLE_TABLES,
      ]);
      const [old = [], built = []] = await tx.run([
        marksOf(this.subscription),
        marksOf(nameOf(this.subscription, generation)),
      ]);
      const behind = behindBy(old, built);
      const tables = [];
      for (const table of this.#tables) tables.push(await compareTable(tx, table, next(table)));
      await tx.commit();
      return { sameMarks: behind === 0 && behindBy(built, old) === 0, behind, tables };
    });
  }

  /**
   * The new tables take the place of the old ones, and its marks their name: the old generation's consumers find their
   * marks moved, read them again and go on. What differs is published again. Rejects with `rebuild_behind` while the
   * new generation is not where the old one is: try again.
   */
  async switch(command: RebuildCommand): Promise<{ readonly republished: number }> {
    const { generation } = await this.#building();
    const { commit, consumption, service } = this.#parts;
    const schemas = await this.#schemas();
    const { result } = await commitUnit(commit, {
      name: "rebuild.switch",
      front: [],
      traceparent: undefined,
      work: async (unit) => {
        await unit.run(WHOLE_TABLES);
        await this.#catchUp(unit, generation);
        const [table = ""] = this.#tables;
        const [rows = []] = await unit.run([
          {
            text: `SELECT n.* FROM (SELECT * FROM ${schemas.next(table)} EXCEPT ALL SELECT * FROM ${table}) AS n ORDER BY 1, 2`,
            values: [],
          },
        ]);
        const changed = consumption.projection?.republish(service, rows) ?? [];
        return {
          statements: this.#swap(generation, unit.nowMs, schemas),
          events: [...changed, this.#audited("switch", generation, command)],
          result: changed.length,
        };
      },
    });
    await this.#stop();
    return { republished: result };
  }

  /** Drops the old tables after the switch. */
  async drop(command: RebuildCommand): Promise<void> {
    const { generation, state } = await this.#row();
    const { retired } = await this.#schemas();
    const refusal = "only after the switch there are old tables to drop";
    if (state !== "SWITCHED") throw new RebuildError("rebuild_refused", refusal);
    const dropped = await this.#write("drop", { generation, command }, [
      this.#end("SWITCHED", generation),
      ...this.#tables.map((table) => ({ text: `DROP TABLE IF EXISTS ${retired(table)}`, values: [] })),
    ]);
    if (!dropped) throw new RebuildError("rebuild_refused", refusal);
  }

  /** Gives the new generation up; the old one was never touched. */
  async abort(command: RebuildCommand): Promise<void> {
    const { generation } = await this.#building();
    const { next } = await this.#schemas();
    const aborted = await this.#write("abort", { generation, command }, [
      this.#end("BUILDING", generation),
      { text: "DELETE FROM marks WHERE subscription = $1", values: [nameOf(this.subscription, generation)] },
      ...this.#tables.map((table) => ({ text: `DROP TABLE IF EXISTS ${next(table)}`, values: [] })),
    ]);
    if (!aborted) throw new RebuildError("rebuild_refused", notBuilding(this.subscription));
    await this.#stop();
  }

  async close(): Promise<void> {
    await this.#stop();
  }

  /** Where two begin it at once, the second finds the generation of the first. */
  async #begin(generation: number, command: RebuildCommand): Promise<void> {
    const { clock } = this.#parts.effect;
    const { next } = await this.#schemas();
    // LIKE copies all but these: how full pages are.
    const options: Statement[] = [];
    for (const table of this.#tables) {
      const [row] = await this.#parts.store.query({
        text: "SELECT array_to_string(reloptions, ', ') AS options FROM pg_class WHERE oid = $1::regclass",
        values: [table],
      });
      if (typeof row?.options === "string")
        options.push({ text: `ALTER TABLE ${next(table)} SET (${row.options})`, values: [] });
    }
    await this.#write("start", { generation, command }, [
      {
        text: `INSERT INTO rebuilds (subscription, generation, state, started_ms) VALUES ($1, $2, 'BUILDING', $3)
          ON CONFLICT (subscription) DO UPDATE SET generation = excluded.generation, state = excluded.state,
            started_ms = excluded.started_ms, switched_ms = NULL
          WHERE rebuilds.state = 'ENDED' AND rebuilds.generation < excluded.generation
          RETURNING generation`,
        values: [this.subscription, generation, clock.nowMs()],
      },
      { text: "DELETE FROM marks WHERE subscription = $1", values: [nameOf(this.subscription, generation)] },
      ...this.#tables.flatMap((table) => [
        { text: `DROP TABLE IF EXISTS ${next(table)}`, values: [] },
        { text: `CREATE TABLE ${next(table)} (LIKE ${table} INCLUDING ALL)`, values: [] },
      ]),
      ...options,
    ]);
  }

  async #run(generation: number): Promise<void> {
    const { consumption, service, effect, commit } = this.#parts;
    this.#store = await this.#parts.openStore();
    const { searchPath } = await this.#schemas();
    const store = rebuildStore(this.#store, { searchPath, subscription: this.subscription, generation });
    const { committed: _, failure: __, ...same } = consumption;
    const building: EffectConsumption<Service> = {
      ...same,
      subscription: nameOf(this.subscription, generation),
      policy: "stop",
      // The old generation publishes; what differs at the switch is published then.
      handle: async (given, batch, unit) => ({
        ...(await consumption.handle(given, batch, unit)),
        events: [],
      }),
    };
    const runner = new EffectRunner({ ...effect, store, commit: { ...commit, store } }, service, building);
    this.#runner = runner;
    runner.start();
  }

  /** Holds the old generation still until the new one is where it is, and then the new one as well. */
  async #catchUp(unit: Unit, generation: number): Promise<void> {
    const { timer } = this.#parts.effect;
    const built = nameOf(this.subscription, generation);
    const [old = []] = await unit.run([lockMarksOf(this.subscription)]);
    for (let poll = 0; ; poll++) {
      const [now = []] = await unit.run([marksOf(built)]);
      if (behindBy(old, now) === 0) break;
      if (poll * SWITCH_POLL_MS >= SWITCH_MS)
        throw new RebuildError(
          "rebuild_behind",
          `${built} is ${behindBy(old, now)} numbers behind ${this.subscription}: nothing was switched`,
        );
      await timer.sleep(SWITCH_POLL_MS);
    }
    // From here on the guard of every instance waits, and after the commit it refuses.
    const [held = []] = await unit.run([
      {
        text: "SELECT 1 FROM rebuilds WHERE subscription = $1 AND generation = $2 AND state = 'BUILDING' FOR UPDATE",
        values: [this.subscription, generation],
      },
    ]);
    if (held.length === 0) throw new RebuildError("rebuild_refused", `${built} is not being built any more`);
    const [[parked] = []] = await unit.run([
      {
        text: "SELECT count(*) AS count FROM parked WHERE subscription = $1 AND status = 'PARKED'",
        values: [built],
      },
    ]);
    const count = Number(parked?.count ?? 0);
    if (count > 0)
      throw new RebuildError(
        "rebuild_refused",
        `${built} has parked ${count} record${count === 1 ? "" : "s"} that its handler refuses: its tables lack them`,
      );
  }

  #swap(
    generation: number,
    nowMs: number,
    { live, next, retired, retiredSchema }: Schemas,
  ): readonly Statement[] {
    const built = nameOf(this.subscription, generation);
    return [
      ...this.#tables.flatMap((table) => [
        { text: `DROP TABLE IF EXISTS ${retired(table)}`, values: [] },
        { text: `ALTER TABLE ${table} SET SCHEMA ${retiredSchema}`, values: [] },
        { text: `ALTER TABLE ${next(table)} SET SCHEMA ${live}`, values: [] },
      ]),
      { text: "DELETE FROM marks WHERE subscription = $1", values: [this.subscription] },
      {
        text: "UPDATE marks SET subscription = $1 WHERE subscription = $2",
        values: [this.subscription, built],
      },
      ...this.#unpark(built, nowMs),
      {
        text: "UPDATE rebuilds SET state = 'SWITCHED', switched_ms = $2 WHERE subscription = $1",
        values: [this.subscription, nowMs],
      },
    ];
  }

  /** What the old generation had parked the new one has applied from the log: it holds up nothing, and is not redriven. */
  #unpark(built: string, nowMs: number): readonly Statement[] {
    return [
      {
        text: `UPDATE parked SET status = 'APPLIED', resolved_ms = $2, resolved_by = 'rebuild', resolved_reason = $3
          WHERE subscription = $1 AND status = 'PARKED'`,
        values: [this.subscription, nowMs, `applied by ${built}`],
      },
      {
        text: "UPDATE parked_heads SET generation = generation + 1 WHERE subscription = $1",
        values: [this.subscription],
      },
    ];
  }

  async #schemas(): Promise<Schemas> {
    const [row] = await this.#parts.store.query({ text: "SELECT current_schema() AS schema", values: [] });
    const schema = String(row?.schema);
    const [building, old] = [`"${schema}_rebuild"`, `"${schema}_retired"`];
    return {
      live: `"${schema}"`,
      retiredSchema: old,
      searchPath: `${building}, "${schema}"`,
      next: (table) => `${building}."${table}"`,
      retired: (table) => `${old}."${table}"`,
    };
  }

  async #stop(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    const [runner, store] = [this.#runner, this.#store];
    this.#runner = null;
    this.#store = null;
    await runner?.close();
    await store?.close();
  }

  async #row(): Promise<{ readonly generation: number; readonly state: RebuildState }> {
    const [row] = await this.#parts.store.query({
      text: "SELECT generation, state FROM rebuilds WHERE subscription = $1",
      values: [this.subscription],
    });
    if (row === undefined) return { generation: 1, state: "NONE" };
    return { generation: Number(row.generation), state: String(row.state) as RebuildState };
  }

  async #building(): Promise<{ readonly generation: number }> {
    const row = await this.#row();
    if (row.state === "BUILDING") return row;
    throw new RebuildError("rebuild_refused", notBuilding(this.subscription));
  }

  /** By the marks, whichever instance builds it. */
  async #lag(generation: number): Promise<number | null> {
    const { bus } = this.#parts.effect;
    const { topics, kind } = this.#parts.consumption;
    const subscription = nameOf(this.subscription, generation);
    const reached = await elsewhereOfMarks(
      { bus, store: this.#parts.store },
      subscription,
      topics,
      () => false,
    );
    const endsOf = askingOnce(bus);
    try {
      const left = await leftElsewhere({ subscription, kind }, reached, { bus, endsOf });
      return left.reduce((sum, { lag }) => sum + lag, 0);
    } catch {
      // An end that the bus does not tell is no end that is reached.
      return null;
    }
  }

  #end(from: RebuildState, generation: number): Statement {
    return {
      text: `UPDATE rebuilds SET state = 'ENDED' WHERE subscription = $1 AND generation = $2 AND state = $3
        RETURNING generation`,
      values: [this.subscription, generation, from],
    };
  }

  /** False, and nothing is done, where the first statement finds no row: somebody else has been there before. */
  async #write(
    step: "start" | "drop" | "abort",
    { generation, command }: { readonly generation: number; readonly command: RebuildCommand },
    [claim, ...rest]: readonly [Statement, ...Statement[]],
  ): Promise<boolean> {
    const { result } = await commitUnit(this.#parts.commit, {
      name: `rebuild.${step}`,
      front: [],
      traceparent: undefined,
      work: async (unit) => {
        const [claimed = []] = await unit.run([claim]);
        if (claimed.length === 0) return { statements: [], events: [], result: false };
        // One after the other: each depends on what the one before has made.
        for (const statement of rest) await unit.run([statement]);
        return { statements: [], events: [this.#audited(step, generation, command)], result: true };
      },
    });
    return result;
  }

  #audited(
    step: "start" | "switch" | "drop" | "abort",
    generation: number,
    command: RebuildCommand,
  ): OutgoingEvent {
    const subjects = [nameOf(this.subscription, generation)];
    return auditEvent(this.#parts.audit, { ...command, action: `rebuild.${step}`, subjects });
  }
}

function notBuilding(subscription: string): string {
  return `no new generation of ${subscription} is being built`;
}

function nameOf(subscription: string, generation: number): string {
  return `${subscription}@${generation}`;
}
