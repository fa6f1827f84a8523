import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { kill } from "./faults/kills.ts";
import { Fleet, PLATFORM } from "./fleet/fleet.ts";
import { Journal } from "./journal/journal.ts";
import { setUpVenue } from "./load/venue.ts";
import { journalPath, runRound } from "./round/run-round.ts";
import { TopicAudit } from "./round/topic-audit.ts";

test("a platform that is killed under load heals, and its client's journal is true", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-chaos-test-"));
  const fleet = await Fleet.start({ bus: "embedded", folder, smallDisks: false, progress: () => undefined });
  const journal = new Journal(journalPath(folder));
  t.after(async () => {
    journal.close();
    await fleet.stop();
    fleet.removeDatabase();
    rmSync(folder, { recursive: true, force: true });
  });
  await setUpVenue({ url: fleet.gatewayUrl, key: fleet.operatorKey });
  const result = await runRound({
    venue: { fleet, journal, audit: new TopicAudit() },
    fault: kill(PLATFORM),
    round: 1,
    seed: 1,
    ordersPerSecond: 100,
  });
  assert.deepEqual(result.failures, []);
  const { sighting, settlement } = result;
  assert.ok(sighting.firedAt !== null && sighting.before > 0 && sighting.after > 0);
  assert.ok(settlement !== null && settlement.trades > 0 && settlement.rules > 20);
  assert.ok(settlement.reconciliation.requests.acknowledged >= sighting.before + sighting.after);
});
