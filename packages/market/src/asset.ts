/** Something that is owned and counted: a currency, a coin, a share. */
export interface Asset {
  /** `USD`, `BTC`, `AAPL`. */
  readonly asset: string;
  readonly name: string;
  readonly kind: AssetKind;
  /** Decimals of the minor unit: USD with scale 6 is counted in millionths of a dollar. Never changes. */
  readonly scale: number;
}

export const ASSET_KINDS = ["FIAT", "CRYPTO", "EQUITY"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];
