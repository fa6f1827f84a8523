import type { AnyServiceDefinition } from "@bourse/host";
import { definitions as platformDefinitions } from "@bourse/platform";
import { Trader } from "../flows/trader.ts";
import type { Mutation } from "../mutations/mutation.ts";
import { CrashPlan } from "../ports/crash-gate.ts";
import { Supervisor } from "../world/supervisor.ts";
import { type Checkpoint, World } from "../world/world.ts";
import { checkDay } from "./check-day.ts";
import type { Day } from "./day.ts";
import { type Keys, openDayVenue } from "./day-venue.ts";
import { FaultsOfDay } from "./faults-of-day.ts";
import { liveDay, type Told } from "./live-day.ts";

/** A day that is not over after so long is stuck: some items of a batch are tried for a minute. */
const LIMIT_MS = 600_000;
/** Longer than a delayed call, every clean-up and every session's lease. */
const CLEAN_UP_MS = 45_000;
const SEED = 11;
const SNAPSHOT_EVERY = 3;
const DEFINITIONS: readonly AnyServiceDefinition[] = platformDefinitions.map((definition) => ({
  ...definition,
  consumes: definition.consumes.map((consumption) =>
    consumption.kind === "shard" ? { ...consumption, snapshotEvery: SNAPSHOT_EVERY } : consumption,
  ),
}));
const MORNING_MS = Date.UTC(2023, 10, 15, 9);
const BEFORE_MIDNIGHT_MS = Date.UTC(2023, 10, 16) - 20_000;

export interface DayResult {
  readonly violations: readonly string[];
  /** What went wrong on the way, as the day asked for. */
  readonly happened: readonly string[];
  readonly boots: number;
  /** Empty where the day did not come to an end. */
  readonly told: readonly Told[];
  readonly trades: number;
}

/** A venue at which any number of days begin, one after the other. */
export class DayStage {
  readonly #world: World;
  readonly #begin: Checkpoint;
  readonly #keys: Keys;

  private constructor(world: World, begin: Checkpoint, keys: Keys) {
    this.#world = world;
    this.#begin = begin;
    this.#keys = keys;
  }

  static async open(): Promise<DayStage> {
    const world = await World.create();
    const supervisor = new Supervisor(world, new CrashPlan(null), DEFINITIONS);
    const operator = new Trader(supervisor);
    const keys = await world.time.finish("the venue is open", openDayVenue(operator), LIMIT_MS);
    await world.time.finish("it has drained", supervisor.drain(), LIMIT_MS);
    supervisor.stop();
    return new DayStage(world, world.checkpoint(), keys);
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  /** With a mutation, a rule is broken on purpose: what the checks must find, or they prove nothing. */
  async run(day: Day, mutation: Mutation | null = null): Promise<DayResult> {
    const world = this.#world;
    world.restore({ ...this.#begin, nowMs: day.hour === "morning" ? MORNING_MS : BEFORE_MIDNIGHT_MS }, SEED);
    // The backoff's jitter comes from a library that asks the process.
    Math.random = () => world.random.next();
    const faults = new FaultsOfDay();
    const { processes = 1, clocksApartMs = 0 } = day;
    const supervisor = new Supervisor(world, faults, DEFINITIONS, { mutation, processes, clocksApartMs });
    const [trader, operator] = [new Trader(supervisor), new Trader(supervisor)];
    const finish = <T>(what: string, promise: Promise<T>): Promise<T> =>
      world.time.finish(what, promise, LIMIT_MS);
    const violations: string[] = [];
    let told: readonly Told[] = [];
    let trades = 0;
    try {
      await finish("it is up", supervisor.all());
      told = await finish("all is answered", liveDay(trader, day, { keys: this.#keys, faults }));
      await finish("it is quiet", trader.quiet());
      faults.end();
      await world.time.advance(CLEAN_UP_MS);
      await finish("it is quiet after clean-up", operator.quiet());
      const checked = await finish(
        "it is checked",
        checkDay(operator, { told, isDisturbed: faults.happened.length > 0, isFleet: processes > 1 }),
      );
      violations.push(...checked.violations);
      trades = checked.trades;
    } catch (error) {
      const waiting = [...trader.journal, ...operator.journal]
        .filter(({ final }) => final === null)
        .map(
          ({ request, answers: so }) =>
            `; ${request.method} ${request.path} was answered ${so.slice(-5).join(", ") || "nothing"}`,
        );
      const left = await finish("it is asked what is left", supervisor.busy()).catch(() => []);
      const busy = left.map((each) => `; ${each}`);
      violations.push(
        `it did not come to an end: ${(error as Error).stack}${[...waiting, ...busy].join("")}`,
      );
    } finally {
      supervisor.stop();
    }
    return { violations, happened: faults.happened, boots: supervisor.boots, told, trades };
  }
}
