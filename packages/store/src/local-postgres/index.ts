export { removeDataFolder } from "./data-folder.ts";
export type { LocalPostgres, LocalPostgresOptions } from "./start-postgres.ts";
export { startPostgres, stopPostgres } from "./start-postgres.ts";
