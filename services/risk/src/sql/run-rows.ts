import { type Store, sql } from "@bourse/store";

/**
 * Records that an instance runs, and returns the others on record. Where there is none every shutdown was clean, and no
 * other instance runs. Living instances can't be told from dead ones here: all are removed, and {@link keepRun} adds the
 * living again.
 */
export async function beginRun(store: Store, runId: string): Promise<readonly string[]> {
  return await store.transaction("begin run", async (tx) => {
    const [others = []] = await tx.run([sql`DELETE FROM runs RETURNING run_id`]);
    await tx.commit([sql`INSERT INTO runs (run_id) VALUES (${runId})`]);
    return others.map(({ run_id }) => String(run_id));
  });
}

export async function readRuns(store: Store): Promise<readonly string[]> {
  const rows = await store.query(sql`SELECT run_id FROM runs ORDER BY run_id`);
  return rows.map(({ run_id }) => String(run_id));
}

/** An instance that started later has removed the record: without it, an unclean end would go unnoticed. */
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
