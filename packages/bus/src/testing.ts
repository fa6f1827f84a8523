export type { ConformanceOptions, OutageHarness } from "./conformance.ts";
export { busConformance } from "./conformance.ts";
export type { BusHarness } from "./conformance-suite.ts";
