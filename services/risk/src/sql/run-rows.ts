import { type Store, sql } from "@bourse/store";

/**
 * Notes that an instance runs, and answers whether no other run is on record: every end was clean, and none runs beside
 * it. Those that run beside it are not told from those that died: all of them go, and {@link keepRun} brings the living back.
 */
export async function beginRun(store: Store, runId: string): Promise<boolean> {
  return await store.transaction("begin run", async (tx) => {
    const [others = []] = await tx.run([sql`DELETE FROM runs RETURNING run_id`]);
    await tx.commit([sql`INSERT INTO runs (run_id) VALUES (${runId})`]);
    return others.length === 0;
  });
}

/** An instance that began later has taken the note away: without it nobody would know of an end that is not clean. */
export async function keepRun(store: Store, runId: string): Promise<void> {
  const rows = await store.query(sql`SELECT run_id FROM runs WHERE run_id = ${runId}`);
  if (rows.length > 0) return;
  await store.transaction("keep run", (tx) =>
    tx.commit([sql`INSERT INTO runs (run_id) VALUES (${runId}) ON CONFLICT (run_id) DO NOTHING`]),
  );
}

export async function endRunCleanly(store: Store, runId: string): Promise<void> {
  await store.transaction("end run", (tx) => tx.commit([sql`DELETE FROM runs WHERE run_id = ${runId}`]));
}
