export type { CatalogueRecord, TopicRecord } from "./compatibility/catalogue-record.ts";
export { currentRecord, recordOfAsyncApi } from "./compatibility/catalogue-record.ts";
export type { Finding } from "./compatibility/check-catalogue.ts";
export {
  compareCatalogues,
  compareVersions,
  compareWithRecord,
  missingVersions,
} from "./compatibility/check-catalogue.ts";
export type { SchemaFinding } from "./compatibility/compare-schemas.ts";
export { compareSchemas } from "./compatibility/compare-schemas.ts";
export type { Mode, Rule } from "./compatibility/rules.ts";
export { isBreach } from "./compatibility/rules.ts";
export { versionsOnRecord } from "./versions-on-record.ts";
