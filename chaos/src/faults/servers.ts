import { type BusKind, type Fleet, PLATFORM } from "../fleet/fleet.ts";
import { signalTree, stateOf, treeOf } from "../fleet/process-signals.ts";
import { type Fault, mustHave, type Stage } from "./fault.ts";

const AWAY_MS = 3_000;
const LONG_PAUSE_MS = 20_000;

export const postgresFaults = (bus: BusKind): readonly Fault[] => [
  {
    name: "kill postgres",
    bus,
    run: async (stage) => {
      const { postgres } = stage.fleet;
      const { pid } = postgres;
      const sessions = treeOf(pid).length - 1;
      signalTree(pid, "SIGKILL");
      await untilGone(pid);
      stage.fired(`the postmaster (${pid}) and ${sessions} processes below it ended by SIGKILL`);
      await stage.hold(AWAY_MS);
      await stage.healed(() => postgres.restart());
      mustHave(postgres.pid !== pid, "the same PostgreSQL runs on");
    },
  },
  { name: "pause postgres", bus, run: (stage) => pause(stage, stage.fleet.postgres.pid, "PostgreSQL") },
];

export const kafkaFaults: readonly Fault[] = [
  {
    name: "kill kafka",
    bus: "kafka",
    worksDuring: true,
    run: async (stage) => {
      const { kafka } = stage.fleet;
      const { pid } = kafka;
      await kafka.kill();
      mustHave(pid !== undefined && kafka.pid === undefined, "Kafka goes on");
      stage.fired(`the broker (${pid}) ended by SIGKILL`);
      await stage.hold(AWAY_MS);
      await stage.healed(() => kafka.restart());
    },
  },
  {
    name: "restart kafka",
    bus: "kafka",
    run: async (stage) => {
      const { kafka } = stage.fleet;
      const { pid } = kafka;
      await kafka.stop();
      stage.fired(`the broker (${pid}) ended in order`);
      await stage.healed(() => kafka.restart());
      mustHave(kafka.pid !== undefined && kafka.pid !== pid, "the same broker runs on");
    },
  },
  {
    name: "pause kafka",
    bus: "kafka",
    worksDuring: true,
    run: (stage) => pause(stage, stage.fleet.kafka.pid ?? 0, "Kafka"),
  },
];

/** The whole platform stands still, and goes on with a clock that has jumped. */
export const pausePlatform: Fault = {
  name: "pause platform",
  bus: "embedded",
  run: (stage) => pause(stage, stage.fleet.node(PLATFORM).pid, "the platform"),
};

async function pause(stage: Stage, pid: number, what: string): Promise<void> {
  const tree = treeOf(pid);
  signalTree(pid, "SIGSTOP");
  // A stop is asynchronous.
  await stage.hold(50);
  mustHave(stateOf(pid) === "T", `${what} is in state ${stateOf(pid)}`);
  stage.fired(`${what} (${pid} and ${tree.length - 1} below it) is in state T`);
  await stage.hold(LONG_PAUSE_MS);
  mustHave(stateOf(pid) === "T", `${what} did not stay stopped`);
  await stage.healed(() => signalTree(pid, "SIGCONT"));
}

async function untilGone(pid: number): Promise<void> {
  const isThere = (): boolean => {
    const state = stateOf(pid);
    return state !== null && state !== "Z";
  };
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export function postgresIsUp({ postgres }: Fleet): boolean {
  const state = stateOf(postgres.pid);
  return state !== null && state !== "Z";
}
