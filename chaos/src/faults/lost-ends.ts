import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Fault, mustHave } from "./fault.ts";

/** Topics of the broker's own. */
const INTERNAL = /^__/;
const PARTITION = /-[0-9]+$/;
/** Orders that the logs lose what came of. */
const LOST = 200;

/**
 * The broker comes back with an earlier copy of every log, as from a disk that is older than what it has acknowledged
 * (R4, R8): what has written a log fills it again while it runs, of two instances either one.
 */
export const loseEnds: Fault = {
  name: "lose-ends kafka",
  bus: "kafka",
  run: async (stage) => {
    const { fleet } = stage;
    const { kafka } = fleet;
    const [first, other] = [fleet.node("order"), await fleet.addInstance("order")];
    await stage.healed(() => fleet.lead("order", [first, other]));
    fleet.front("order").cut();
    const copy = join(fleet.folder, "earlier-logs");
    await kafka.stop();
    mkdirSync(copy);
    for (const log of logsIn(fleet.kafkaLogs))
      cpSync(join(fleet.kafkaLogs, log), join(copy, log), { recursive: true });
    await kafka.restart();
    await stage.acknowledgements(LOST);
    await kafka.stop();
    const logs = readdirSync(copy);
    const shorter = logs.filter((log) => bytesOf(join(copy, log)) < bytesOf(join(fleet.kafkaLogs, log)));
    for (const log of logs) {
      rmSync(join(fleet.kafkaLogs, log), { recursive: true });
      cpSync(join(copy, log), join(fleet.kafkaLogs, log), { recursive: true });
    }
    mustHave(shorter.length > 0, "no log has lost anything");
    stage.fired(`${shorter.length} of ${logs.length} logs have lost what came of ${LOST} orders`);
    await stage.healed(() => kafka.restart());
    await stage.acknowledgements(LOST);
    await stage.healed(async () => {
      mustHave(await fleet.retire("order", other, "SIGTERM"), "order did not end in time after SIGTERM");
    });
  },
};

/** Of its records. */
function bytesOf(log: string): number {
  const segments = readdirSync(log).filter((name) => name.endsWith(".log"));
  return segments.reduce((sum, name) => sum + statSync(join(log, name)).size, 0);
}

function logsIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => PARTITION.test(name) && !INTERNAL.test(name));
}
