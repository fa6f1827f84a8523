import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Fleet, PLATFORM, type ProcessName } from "../fleet/fleet.ts";
import { type Fault, mustHave, type Stage } from "./fault.ts";

/** How often a process dies again while it starts. */
const DEATHS_IN_START = 4;
/** A start takes a few seconds; the loop ends each somewhere on its way. */
const LONGEST_START_MS = 2_500;
const MEANWHILE_MS = 1_500;
const APPENDS = 5;
const LONGEST_LOOK_MS = 5_000;

/** kill -9 of one process; it is started again after a while. */
export function kill(name: ProcessName, more: Partial<Fault> = {}): Fault {
  return {
    name: `kill ${name}`,
    bus: name === PLATFORM ? "embedded" : "kafka",
    ...more,
    run: async (stage) => {
      await killOnce(stage, name);
      await stage.hold(MEANWHILE_MS);
      await stage.healed(() => stage.fleet.node(name).start());
    },
  };
}

/** A supervisor that starts what keeps dying: killed, and killed again somewhere on the way up, several times. */
export function restartLoop(name: ProcessName): Fault {
  return {
    name: `restart-loop ${name}`,
    bus: name === PLATFORM ? "embedded" : "kafka",
    run: async (stage) => {
      const node = stage.fleet.node(name);
      await killOnce(stage, name);
      const unready: boolean[] = [];
      for (let death = 1; death <= DEATHS_IN_START; death++) {
        node.start();
        await stage.hold(200 + stage.random.below(LONGEST_START_MS));
        unready.push(!(await node.isReady()));
        mustHave((await node.kill()) === "SIGKILL", `${name} was not killed in its start ${death}`);
      }
      stage.note(
        `killed in ${DEATHS_IN_START} further starts, ${unready.filter(Boolean).length} before ready`,
      );
      await stage.healed(() => node.start());
    },
  };
}

/** The platform dies in the very moment in which its event log grows, several times. */
export const killMidAppend: Fault = {
  name: "kill-mid-append",
  bus: "embedded",
  run: async (stage) => {
    const node = stage.fleet.node(PLATFORM);
    for (let death = 1; death <= APPENDS; death++) {
      await untilLogGrows(stage.fleet);
      mustHave((await node.kill()) === "SIGKILL", "the platform was not killed");
      if (death === 1) stage.fired("SIGKILL while the event log's last segment grew");
      await stage.healed(() => node.start());
    }
    stage.note(`${APPENDS} times`);
  },
};

async function killOnce({ fleet, fired }: Stage, name: ProcessName): Promise<void> {
  const node = fleet.node(name);
  const { pid } = node;
  const by = await node.kill();
  mustHave(by === "SIGKILL" && !node.isRunning, `${name} ended by ${by}`);
  fired(`${name} (${pid}) ended by SIGKILL`);
}

/** Resolves between two looks of which the second finds more bytes. */
async function untilLogGrows({ folder }: Fleet): Promise<void> {
  const log = join(folder, "data", "bus");
  const stampOf = (): string => {
    const segments = readdirSync(log).filter((name) => name.endsWith(".segment"));
    const last = segments.sort().at(-1) ?? "";
    return `${last} ${statSync(join(log, last)).size}`;
  };
  const before = stampOf();
  const deadline = performance.now() + LONGEST_LOOK_MS;
  while (stampOf() === before) {
    mustHave(performance.now() < deadline, "nothing was appended");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
