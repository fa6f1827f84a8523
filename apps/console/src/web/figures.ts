/** 231579 as 231,579. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

/** 1 as `1 record`, 2,000 as `2,000 records`. */
export function counted(count: number | bigint, noun: string): string {
  return `${grouped(count)} ${noun}${Number(count) === 1 ? "" : "s"}`;
}

/** An RFC 3339 time as a person reads it, in UTC as the platform's logs are, to the millisecond. */
export function clockTime(rfc3339: string): string {
  return rfc3339.replace("T", " ").replace("Z", "");
}
