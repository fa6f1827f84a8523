import type { TradeSink } from "./trade-sink.ts";

/** Where trades go. `postgres`: into the service's own database, with everything else. */
export type SinkChoice =
  | { readonly kind: "postgres" }
  | { readonly kind: "clickhouse"; readonly url: string }
  | { readonly kind: "parquet"; readonly folder: string };

/** Loads what a sink needs only where it is chosen. */
export async function openSink(choice: Exclude<SinkChoice, { kind: "postgres" }>): Promise<TradeSink> {
  if (choice.kind === "clickhouse") {
    const { clickHouseSink } = await import("./clickhouse-sink.ts");
    return await clickHouseSink({ url: choice.url });
  }
  const { parquetSink } = await import("./parquet-sink.ts");
  return await parquetSink({ folder: choice.folder });
}
