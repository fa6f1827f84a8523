export { JOURNAL_HEADER, journalLine } from "./journal.ts";
export { STREAM_INSTRUMENTS, type StreamInstrument, type TradeProfile } from "./market-model.ts";
export { POISON_KINDS, type PoisonKind, type PoisonRecord, poisonRecord } from "./poison.ts";
export { type Produced, type ProduceOptions, produceTrades } from "./produce-trades.ts";
export { type RecordedTrade, recordedSource } from "./recorded-source.ts";
export { StreamWriter, type WriterOptions, type WrittenRecord } from "./stream-writer.ts";
export {
  type GeneratedTrade,
  type GeneratorOptions,
  type TradeGenerator,
  tradeGenerator,
} from "./trade-generator.ts";
export type { Amount, ScaledAmount, StreamTrade, TradeSource } from "./trade-source.ts";
export { reportOf } from "./trade-source.ts";
