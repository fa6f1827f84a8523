export type { SinkChoice } from "./adapters/open-sink.ts";
export { openSink } from "./adapters/open-sink.ts";
export { tradeProcessor, tradeProcessorOf } from "./service.ts";
