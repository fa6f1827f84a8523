import type { AnyServiceDefinition } from "@bourse/host";
import { definitions as platformDefinitions } from "@bourse/platform";
import type { Flow } from "../flows/flow.ts";
import { Trader, UnexpectedAnswer } from "../flows/trader.ts";
import { openVenue } from "../flows/venue.ts";
import type { Mutation } from "../mutations/mutation.ts";
import { CrashPlan, type CrashPoint, type PortCall } from "../ports/crash-gate.ts";
import { Supervisor } from "../world/supervisor.ts";
import type { Checkpoint, World } from "../world/world.ts";
import { differences, type EndState, readEndState } from "./end-state.ts";
import { verifyRun } from "./verify-run.ts";

/** One run of a flow, disturbed or not. */
export interface FlowRun {
  /** Up to the moment at which nothing was left to do. */
  readonly calls: readonly PortCall[];
  readonly boots: number;
  readonly endState: EndState | null;
  readonly violations: readonly string[];
}

/** Longer than any clean-up of the platform waits for (R10): twice the accept window, and the jobs' intervals. */
const CLEAN_UP_MS = 14_000;
/** A snapshot every few commands, so that every flow has some. */
const SNAPSHOT_EVERY = 2;
const SEED = 7;

/** The services as they are, but for how often the engine's shards take a snapshot. */
const DEFINITIONS: readonly AnyServiceDefinition[] = platformDefinitions.map((definition) => ({
  ...definition,
  consumes: definition.consumes.map((consumption) =>
    consumption.kind === "shard" ? { ...consumption, snapshotEvery: SNAPSHOT_EVERY } : consumption,
  ),
}));

/** A world at the place where flows begin. */
export async function prepareVenue(world: World): Promise<Checkpoint> {
  await undisturbed(world, openVenue);
  return world.checkpoint();
}

/** A world at the place where this flow begins. */
export async function prepareFlow(world: World, venue: Checkpoint, flow: Flow): Promise<Checkpoint> {
  world.restore(venue, SEED);
  const { prepare } = flow;
  if (prepare !== undefined) await undisturbed(world, prepare, flow.fromCrash !== true);
  const reached = world.checkpoint();
  return flow.beginsAtMs === undefined ? reached : { ...reached, nowMs: flow.beginsAtMs };
}

async function undisturbed(
  world: World,
  work: (trader: Trader) => Promise<void>,
  toQuiet = true,
): Promise<void> {
  const supervisor = new Supervisor(world, new CrashPlan(null), DEFINITIONS);
  const trader = new Trader(supervisor);
  const done = async (): Promise<void> => {
    await work(trader);
    if (toQuiet) await trader.quiet();
  };
  await finish(world, "the venue is prepared", done());
  // A clean end: after an unclean one risk approves nothing for a while (R14), which is what crash points are to show.
  if (toQuiet) await finish(world, "it has drained", supervisor.drain());
  supervisor.stop();
}

/** Who is kept waiting beyond the accept window may be refused (R10): journal and rules then decide, not the end. */
function isSlow(point: CrashPoint | null): boolean {
  return point?.outcome === "delayed";
}

async function runAsFarAsMayBe(flow: Flow, trader: Trader, point: CrashPoint | null): Promise<void> {
  try {
    await flow.run(trader);
  } catch (error) {
    if (!(error instanceof UnexpectedAnswer && isSlow(point))) throw error;
  }
}

/** A platform that is not done after so long is stuck. */
const LIMIT_MS = 120_000;

function finish<T>(world: World, what: string, promise: Promise<T>): Promise<T> {
  return world.time.finish(what, promise, LIMIT_MS);
}

/** Runs a flow from its beginning, with a crash point or without, and says what came of it. */
export async function runFlow(
  world: World,
  begin: Checkpoint,
  flow: Flow,
  options: {
    readonly point: CrashPoint | null;
    readonly expected: EndState | null;
    readonly mutation?: Mutation | null;
  },
): Promise<FlowRun> {
  const { point, expected, mutation = null } = options;
  world.restore(begin, SEED);
  // The backoff's jitter comes from a library that asks the process.
  Math.random = () => world.random.next();
  const plan = new CrashPlan(point);
  if (flow.fromCrash === true) plan.arm();
  const supervisor = new Supervisor(world, plan, DEFINITIONS, { mutation });
  const trader = new Trader(supervisor);
  const operator = new Trader(supervisor);
  const violations: string[] = [];
  let endState: EndState | null = null;
  try {
    await finish(world, "it is up", supervisor.up());
    await finish(world, "it is quiet before", flow.fromCrash === true ? Promise.resolve() : trader.quiet());
    plan.arm();
    await finish(world, "the flow is done", runAsFarAsMayBe(flow, trader, point));
    await finish(world, "it is quiet", trader.quiet());
    plan.disarm();
    await world.time.advance(CLEAN_UP_MS);
    await finish(world, "it is quiet after clean-up", operator.quiet());
    violations.push(...(await finish(world, "it is verified", verifyRun(operator, trader.journal))));
    endState = await finish(world, "the end is read", readEndState(operator));
    if (expected !== null && flow.races !== true && !isSlow(point))
      violations.push(...differences(expected, endState));
    if (point !== null && plan.hit === undefined) violations.push(`there is no call ${point.at}`);
  } catch (error) {
    const unanswered = [...trader.journal, ...operator.journal].filter(({ final }) => final === null);
    const waiting = unanswered.map(
      ({ request, answers }) =>
        `; ${request.method} ${request.path} was answered ${answers.slice(-8).join(", ") || "nothing"}`,
    );
    violations.push(`it did not come to an end: ${(error as Error).message}${waiting.join("")}`);
  } finally {
    supervisor.stop();
  }
  return { calls: plan.calls, boots: supervisor.boots, endState, violations };
}
