import { readFileSync } from "node:fs";
import { join } from "node:path";
import { present } from "@bourse/base";
import type { BusKind } from "../fleet/fleet.ts";
import { type Fault, mustHave } from "./fault.ts";
import { postgresIsUp } from "./servers.ts";

const FULL_MS = 8_000;
/** What the relays say of an append that failed. */
const REFUSED = /bus_(unavailable|outcome_unknown): the event log/;

/** PostgreSQL can write no more; then space is made, and PostgreSQL started again where it has given up. */
export const postgresDiskFull = (bus: BusKind): Fault => ({
  name: "disk-full postgres",
  bus,
  smallDisks: true,
  run: async (stage) => {
    const { fleet } = stage;
    const disk = present(fleet.disks.postgres, "PostgreSQL has a small disk");
    const log = join(disk.folder, "server", "postgres.log");
    const left = disk.fill();
    stage.fired(`${left} bytes are left on PostgreSQL's disk`);
    await stage.hold(FULL_MS);
    // Its log is on the full disk too, so that its last words may be missing there.
    const said = readFileSync(log, "utf8").includes("No space left on device");
    stage.note(said ? 'PostgreSQL said "No space left on device"' : "PostgreSQL could not even log");
    await stage.healed(async () => {
      disk.free();
      if (!postgresIsUp(fleet)) {
        stage.note("PostgreSQL had ended and was started again");
        await fleet.postgres.restart();
      }
    });
  },
});

/** The embedded log can append no more; then space is made. */
export const busDiskFull: Fault = {
  name: "disk-full bus",
  bus: "embedded",
  smallDisks: true,
  worksDuring: true,
  run: async (stage) => {
    const { fleet } = stage;
    const disk = present(fleet.disks.bus, "the event log has a small disk");
    const log = join(fleet.folder, "data", "logs", "platform.log");
    const failures = (): number => readFileSync(log, "utf8").split(REFUSED).length - 1;
    const before = failures();
    const left = disk.fill();
    stage.fired(`${left} bytes are left on the event log's disk`);
    await stage.hold(FULL_MS);
    const met = failures() - before;
    await stage.healed(() => disk.free());
    mustHave(met > 0, `the event log never met its full disk; see ${log}`);
    stage.note(`${met} lines of the platform's log say that nothing could be appended`);
  },
};
