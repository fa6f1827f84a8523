export { registryConformance } from "./conformance.ts";
export type { RegistryTestEnvironment } from "./local-registry/test-registry.ts";
export { registrySkip, testRegistry } from "./local-registry/test-registry.ts";
