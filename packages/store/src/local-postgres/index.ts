export { foldersOf, removeDataFolder } from "./data-folder.ts";
export type { LocalPostgres, LocalPostgresOptions } from "./start-postgres.ts";
export { startPostgres, stopPostgres, tellPostgresToEnd } from "./start-postgres.ts";
