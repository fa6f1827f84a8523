import type { TradeSink } from "./trade-sink.ts";

export async function parquetSink(_: { readonly folder: string }): Promise<TradeSink> {
  throw new Error("not yet");
}
