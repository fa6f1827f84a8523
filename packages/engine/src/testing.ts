export { createNaiveEngine, restoreNaiveEngine } from "./naive/create-naive-engine.ts";
export type { Comparison, EngineMaker } from "./testing/compare-engines.ts";
export { compareEngines, ENGINE, NAIVE_ENGINE } from "./testing/compare-engines.ts";
export type { EngineCommand } from "./testing/engine-command.ts";
export { applyCommand } from "./testing/engine-command.ts";
export { randomCommands } from "./testing/random-commands.ts";
export type { RecordedEvent, RecordingSink } from "./testing/recording-sink.ts";
export { eventSink, recordingSink, silentSink } from "./testing/recording-sink.ts";
