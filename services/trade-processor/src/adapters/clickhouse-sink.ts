import type { TradeSink } from "./trade-sink.ts";

export async function clickHouseSink(_: { readonly url: string }): Promise<TradeSink> {
  throw new Error("not yet");
}
