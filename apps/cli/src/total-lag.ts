/** How far behind all of them are together; null: of one of them it is not known, so there is no sum. */
export function totalLag(lags: readonly (number | null)[]): number | null {
  return lags.reduce((sum, lag) => (sum === null || lag === null ? null : sum + lag), 0);
}
