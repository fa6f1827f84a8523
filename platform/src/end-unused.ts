import { postgresStore, StoreError, sql } from "@bourse/store";
import type { LocalPostgres } from "@bourse/store/local-postgres";

/** Its sessions are of those who look whether they are the last: two that end together must not wait for each other. */
const ENDING = "bourse-process-end";

/** Ends the server of a folder unless it has other sessions. Several may do so at once. */
export async function endUnused(postgres: LocalPostgres): Promise<void> {
  if (!(await hasOthers(postgres.adminUrl))) await postgres.stop();
}

async function hasOthers(url: string): Promise<boolean> {
  const store = postgresStore({ url, schema: "public", applicationName: ENDING, maxConnections: 1 });
  try {
    const others = await store.query(
      sql`SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> ${ENDING} LIMIT 1`,
    );
    return others.length > 0;
  } catch (error) {
    // One that is ended meanwhile needs no other end, and one that is too busy has somebody who keeps it so.
    if (error instanceof StoreError && error.code === "store_unavailable") return true;
    throw error;
  } finally {
    await store.close();
  }
}
