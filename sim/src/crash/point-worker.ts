import { FLOWS } from "../flows/all-flows.ts";
import type { Flow } from "../flows/flow.ts";
import type { Mutation } from "../mutations/mutation.ts";
import type { CrashPoint, PortName } from "../ports/crash-gate.ts";
import { outcomesOf } from "../ports/crash-gate.ts";
import { type Checkpoint, World } from "../world/world.ts";
import { type FlowRun, prepareFlow, prepareVenue, runFlow } from "./flow-stage.ts";

/** A crash point of a flow, with the call that it is at. */
export interface NamedPoint extends CrashPoint {
  readonly flow: string;
  readonly port: PortName;
  readonly what: string;
}

export interface PointResult {
  readonly point: NamedPoint;
  readonly violations: readonly string[];
  readonly durationMs: number;
  /** What of it the processor worked: tells a slow machine from a busy one. */
  readonly processorMs: number;
}

interface Stage {
  readonly flow: Flow;
  readonly begin: Checkpoint;
  readonly undisturbed: FlowRun;
}

/** One world and the flow that it stands at the beginning of. Points are run in it one after the other. */
export class PointWorker {
  readonly #world: World;
  readonly #venue: Checkpoint;
  #stage: Stage | null = null;

  private constructor(world: World, venue: Checkpoint) {
    this.#world = world;
    this.#venue = venue;
  }

  static async start(): Promise<PointWorker> {
    const world = await World.create();
    return new PointWorker(world, await prepareVenue(world));
  }

  async close(): Promise<void> {
    await this.#world.close();
  }

  /** Every call of the undisturbed flow with every outcome. Rejects where that run is not right by itself. */
  async points(name: string): Promise<readonly NamedPoint[]> {
    const { undisturbed } = await this.#at(name);
    return undisturbed.calls.flatMap((call, index) =>
      outcomesOf(call).map((outcome) => ({
        flow: name,
        at: index + 1,
        outcome,
        port: call.port,
        what: call.what,
      })),
    );
  }

  /** With a mutation, a rule is broken on purpose: the calls may then be others. */
  async run(point: NamedPoint, mutation: Mutation | null = null): Promise<PointResult> {
    const { flow, begin, undisturbed } = await this.#at(point.flow);
    const started = performance.now();
    const usage = process.cpuUsage();
    const { calls, violations } = await runFlow(this.#world, begin, flow, {
      point,
      expected: undisturbed.endState,
      mutation,
    });
    const call = calls[point.at - 1];
    const other =
      mutation === null && call !== undefined && (call.port !== point.port || call.what !== point.what);
    return {
      point,
      violations: other
        ? [...violations, `call ${point.at} is ${call.port} ${call.what} this time`]
        : violations,
      durationMs: performance.now() - started,
      processorMs: processorMs(process.cpuUsage(usage)),
    };
  }

  async #at(name: string): Promise<Stage> {
    if (this.#stage?.flow.name === name) return this.#stage;
    const flow = FLOWS.find((each) => each.name === name);
    if (flow === undefined)
      throw new Error(`no flow is called ${name}; there are ${FLOWS.map((each) => each.name).join(", ")}`);
    const begin = await prepareFlow(this.#world, this.#venue, flow);
    const undisturbed = await runFlow(this.#world, begin, flow, { point: null, expected: null });
    if (undisturbed.violations.length > 0)
      throw new Error(`${name} is wrong without any crash: ${undisturbed.violations.join("; ")}`);
    this.#stage = { flow, begin, undisturbed };
    return this.#stage;
  }
}

function processorMs({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000;
}
