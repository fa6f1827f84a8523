export type { SinkChoice } from "./adapters/open-sink.ts";
export { openSink } from "./adapters/open-sink.ts";
export { type BareProgram, bareProgram } from "./bare-program.ts";
export { LANES, tradeProcessor, tradeProcessorOf } from "./service.ts";
