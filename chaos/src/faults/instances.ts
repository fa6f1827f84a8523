import type { ServiceName } from "@bourse/contracts";
import type { NodeProcess } from "../fleet/node-process.ts";
import { type Fault, mustHave } from "./fault.ts";
import { pauseInTransaction } from "./pause-in-transaction.ts";

/** Longer than a session of a consumer group (10 s) and than any lock that PostgreSQL leaves to a session (R5). */
const PAUSE_MS = 30_000;
/** How long a former owner goes on beside its successor. */
const TOGETHER_MS = 5_000;
const WORK = 200;
/** How often callers are moved from one instance to the other, in the middle of what they ask. */
const MOVE_MS = 500;

/**
 * An instance is stopped for 30 s, its successor takes over, and then it goes on in the belief that all is its own
 * (R5, R8): it must be fenced, and what it sends again must be equal.
 */
export function pauseAndReplace(name: ServiceName): Fault {
  return {
    name: `pause-replace ${name}`,
    bus: "kafka",
    run: async (stage) => {
      const { fleet } = stage;
      const old = fleet.node(name);
      const open = await pauseInTransaction(stage, name, old);
      const pausedAt = performance.now();
      mustHave(old.isStopped, `${name} is not stopped`);
      stage.fired(`${name} (${old.pid}) is in state T, ${open}`);
      let successor: NodeProcess | undefined;
      await stage.healed(async () => {
        successor = await fleet.addInstance(name);
        await untilReady(successor);
        fleet.lead(name, [successor]);
      });
      mustHave(old.isStopped, `${name} did not stay stopped`);
      await stage.hold(Math.max(0, PAUSE_MS - (performance.now() - pausedAt)));
      old.resume();
      await stage.hold(TOGETHER_MS);
      mustHave(old.isRunning, `the former ${name} ended by itself when it went on; see ${old.logFile}`);
      stage.note(`went on after ${Math.round((performance.now() - pausedAt - TOGETHER_MS) / 1_000)} s`);
      await stage.healed(() => undefined);
      await fleet.retire(name, old, "SIGTERM");
      await stage.healed(() => undefined);
    },
  };
}

/**
 * Two owners of every partition at once: a second matching process is a member of another group, by a wire that
 * renames the group. Both write the same outputs (R8): equal duplicates, and nothing else.
 */
export const twoMatching: Fault = {
  name: "two-owners matching",
  bus: "kafka",
  worksDuring: true,
  repeats: true,
  run: async (stage) => {
    const { fleet } = stage;
    const second = await fleet.addInstance("matching", { from: "matching.engine", to: "matching.engin2" });
    await untilReady(second);
    stage.fired(`a second matching (${second.pid}) owns all partitions too`);
    await stage.acknowledgements(2 * WORK);
    await stage.hold(TOGETHER_MS);
    mustHave(second.isRunning, `the second matching ended by itself; see ${second.logFile}`);
    await stage.healed(async () => {
      await fleet.retire("matching", fleet.node("matching"), "SIGKILL");
    });
    stage.note("the first one was killed, the second went on alone");
  },
};

/** Instances join under load, share the work, and leave: one in order, one by death. */
export function scaleOut(name: ServiceName): Fault {
  return {
    name: `scale-out ${name}`,
    bus: "kafka",
    worksDuring: true,
    run: async (stage) => {
      const { fleet } = stage;
      const first = fleet.node(name);
      for (const leaves of ["SIGTERM", "SIGKILL"] as const) {
        const other = await fleet.addInstance(name);
        await untilReady(other);
        fleet.lead(name, [first, other]);
        // Connections that are kept alive would stay where they are: with the first.
        fleet.front(name).cut();
        if (leaves === "SIGTERM")
          stage.fired(`a second ${name} (${other.pid}) takes requests and partitions`);
        await stage.acknowledgements(WORK);
        for (let elapsedMs = 0; elapsedMs < TOGETHER_MS; elapsedMs += MOVE_MS) {
          await stage.hold(MOVE_MS);
          fleet.front(name).cut();
        }
        const taken = fleet.front(name).connectionsOf(fleet.portOf(other));
        mustHave(taken > 0, `the second ${name} was given no connection`);
        await stage.healed(async () => {
          mustHave(await fleet.retire(name, other, leaves), `${name} did not end in time after SIGTERM`);
        });
        stage.note(`${taken} connections to the second, which left by ${leaves}`);
      }
    },
  };
}

async function untilReady(node: NodeProcess): Promise<void> {
  while (!(await node.isReady())) {
    if (!node.isRunning) throw new Error(`${node.name} ended while it started; see ${node.logFile}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
