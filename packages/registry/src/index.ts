export type { CatalogueRegistryOptions } from "./catalogue-registry.ts";
export { catalogueRegistry } from "./catalogue-registry.ts";
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
export { COMPATIBILITY_RULES, isBreach } from "./compatibility/rules.ts";
export type { ConfluentRegistryOptions } from "./confluent-registry.ts";
export { confluentRegistry } from "./confluent-registry.ts";
export type { FramedBusOptions } from "./framing/framed-bus.ts";
export { framedBus } from "./framing/framed-bus.ts";
export type { IdCache } from "./framing/id-cache.ts";
export { fileIdCache } from "./framing/id-cache.ts";
export { incompatibility } from "./framing/incompatibility.ts";
export type { Registration, RegistrationOptions } from "./framing/register-subjects.ts";
export { registerSubjects } from "./framing/register-subjects.ts";
export type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from "./port.ts";
export { COMPATIBILITY_LEVELS } from "./port.ts";
export type { RegistryErrorCode } from "./registry-error.ts";
export { RegistryError } from "./registry-error.ts";
export type { SubjectSchema, SubjectStrategy } from "./subjects.ts";
export { SUBJECT_STRATEGIES, subjectOf, subjectSchemas } from "./subjects.ts";
export { versionsOnRecord } from "./versions-on-record.ts";
