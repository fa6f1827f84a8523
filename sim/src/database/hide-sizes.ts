import type { InProcessPostgres } from "./in-process-postgres.ts";

/**
 * What a run has written keeps its room when the run is undone, so that a table is larger the more runs came before, and a job
 * that goes by sizes does another thing in each. Here a table has none.
 */
export function hideSizes(database: InProcessPostgres, schema: string): void {
  database.useSchema(schema);
  database.simple(`CREATE FUNCTION "${schema}".pg_relation_size(regclass) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS 'SELECT 0::bigint'`);
}
