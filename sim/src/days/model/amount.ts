/** Decimals as whole numbers of 10^-18, which every price, quantity and amount of a day is. */
export const ONE = 10n ** 18n;

export function parse(text: string): bigint {
  const [, sign = "", whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d{1,18}))?$/.exec(text) ?? [];
  if (whole === "") throw new Error(`${JSON.stringify(text)} is no decimal`);
  const units = BigInt(whole + fraction.padEnd(18, "0"));
  return sign === "-" ? -units : units;
}

export function show(units: bigint): string {
  const digits = String(units < 0n ? -units : units).padStart(19, "0");
  const text = `${digits.slice(0, -18)}.${digits.slice(-18)}`.replace(/\.?0+$/, "");
  return units < 0n ? `-${text}` : text;
}

/** Exact: of a day's prices and quantities nothing is left over. */
export function times(price: bigint, quantity: bigint): bigint {
  return (price * quantity) / ONE;
}

/** A part of an amount in millionths, up to the next minor unit. */
export function feeOf(ratePpm: number, amount: bigint, minorUnit: bigint): bigint {
  const exact = BigInt(ratePpm) * amount;
  const step = minorUnit * 1_000_000n;
  const steps = exact / step;
  // Division truncates, which is up for what is negative.
  return (exact > 0n && exact % step !== 0n ? steps + 1n : steps) * minorUnit;
}

/** Adds to what a map has under a key. */
export function add<Key>(sums: Map<Key, bigint>, key: Key, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}
