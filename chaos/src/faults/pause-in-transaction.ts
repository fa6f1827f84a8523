import type { ServiceName } from "@bourse/contracts";
import { postgresStore, sql } from "@bourse/store";
import type { NodeProcess } from "../fleet/node-process.ts";
import type { Stage } from "./fault.ts";

const TRIES = 200;
const LONGEST_WAIT_MS = 20;

/**
 * Stops a process in the middle of a transaction, between two of its statements, so that it leaves locks behind (R5).
 * Where it is never met there within the tries it is stopped anywhere. Answers with what PostgreSQL says of it.
 */
export async function pauseInTransaction(
  { fleet, random, hold }: Stage,
  name: ServiceName,
  node: NodeProcess,
): Promise<string> {
  const store = postgresStore({
    url: fleet.postgres.adminUrl,
    schema: "public",
    applicationName: "chaos",
    maxConnections: 1,
  });
  const held = async (): Promise<number> => {
    const [row] = await store.query(sql`SELECT count(*) AS held FROM pg_stat_activity
      WHERE starts_with(application_name, ${`bourse-${name}-`}) AND state = 'idle in transaction'`);
    return Number(row?.held ?? 0);
  };
  try {
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      node.pause();
      await untilStopped(node);
      // What it has sent is done by then, or waits for it.
      const transactions = name === "matching" ? 0 : await held();
      if (transactions > 0) return `${transactions} of its transactions open, at try ${attempt}`;
      // Matching has no database (R1).
      if (attempt === TRIES || name === "matching") break;
      node.resume();
      await hold(random.below(LONGEST_WAIT_MS));
    }
    return "none of its transactions open";
  } finally {
    await store.close();
  }
}

async function untilStopped(node: NodeProcess): Promise<void> {
  while (!node.isStopped) await new Promise((resolve) => setTimeout(resolve, 1));
}
