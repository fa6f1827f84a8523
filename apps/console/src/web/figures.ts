/** 231579 as 231,579. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US");
}
