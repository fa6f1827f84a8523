import type { ServiceName } from "@bourse/contracts";
import { definitions } from "@bourse/platform";
import type { NodeProcess } from "../fleet/node-process.ts";
import type { Failure } from "../load/seen.ts";
import { type Fault, mustHave, type Stage } from "./fault.ts";

/** How often whoever leads connections asks an instance whether it takes work, as load balancers do. */
const LOOK_MS = 250;
const WORK = 50;
/** The session of a consumer group: a member that leaves in order gives its partitions away without waiting for its end. */
const LONGEST_GAP_MS = 10_000;

/**
 * An operator runs two instances of every service, and restarts one after the other by SIGTERM. Nobody tells the load
 * balancer: it sees who takes work, leads new connections there, and leaves those that there are where they are.
 */
export const rollingRestart: Fault = {
  name: "rolling-restart",
  bus: "kafka",
  worksDuring: true,
  run: async (stage) => {
    const { fleet } = stage;
    const names = definitions.map(({ name }) => name);
    for (const name of names) await addSecond(stage, name);
    await stage.acknowledgements(WORK);
    stage.fired(`two instances of each of ${names.length} services`);
    for (const name of names)
      for (const instance of fleet.instancesOf(name)) await restart(stage, name, instance);
    for (const name of names)
      for (const instance of fleet.instancesOf(name).slice(1))
        mustHave(await fleet.retire(name, instance, "SIGTERM"), `${instance.name} did not end in time`);
    await stage.healed(() => undefined);
  },
};

async function addSecond({ fleet, hold }: Stage, name: ServiceName): Promise<void> {
  const second = await fleet.addInstance(name);
  while (!(await second.isReady())) {
    mustHave(second.isRunning, `${second.name} ended while it started; see ${second.logFile}`);
    await hold(LOOK_MS);
  }
  fleet.lead(name, fleet.instancesOf(name));
  // Connections that are kept alive would stay where they are: with the first.
  fleet.front(name).cut();
}

async function restart(stage: Stage, name: ServiceName, instance: NodeProcess): Promise<void> {
  const { seen } = stage;
  const { pid } = instance;
  const fromMs = performance.now();
  let endedMs = 0;
  await balanced(stage, name, async () => {
    mustHave(await instance.stop(), `${instance.name} (${pid}) did not end in time after SIGTERM`);
    endedMs = performance.now() - fromMs;
    await stage.healed(() => instance.start());
  });
  const failures = seen.failuresSince(fromMs);
  const gapMs = seen.longestGapMs(fromMs, performance.now());
  stage.note(`${instance.name} ended in ${seconds(endedMs)}: ${inWords(failures)}, gap ${seconds(gapMs)}`);
  const final = failures.find(({ retryable }) => !retryable);
  if (final !== undefined)
    throw new Error(`while ${instance.name} was restarted a request was answered ${final.what}`);
  if (gapMs > LONGEST_GAP_MS)
    throw new Error(`while ${instance.name} was restarted no order was acknowledged for ${seconds(gapMs)}`);
}

/** Leads new connections of a service to those of its instances that take work, as long as `work` takes. */
async function balanced({ fleet, hold }: Stage, name: ServiceName, work: () => Promise<void>): Promise<void> {
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver) {
      const instances = fleet.instancesOf(name);
      const ready = await Promise.all(instances.map((each) => each.isReady()));
      fleet.leadNew(
        name,
        instances.filter((_, nth) => ready[nth]),
      );
      await hold(LOOK_MS);
    }
  };
  const looking = look();
  try {
    await work();
  } finally {
    isOver = true;
    await looking;
  }
}

function inWords(failures: readonly Failure[]): string {
  const [first, last] = [failures[0], failures.at(-1)];
  if (first === undefined || last === undefined) return "no failure";
  const counts = Map.groupBy(failures, ({ what }) => what);
  const words = Array.from(counts, ([what, { length }]) => `${length} ${what}`);
  return `${words.join(", ")} within ${seconds(last.atMs - first.atMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
