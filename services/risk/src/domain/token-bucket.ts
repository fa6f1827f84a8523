/**
 * A rate with a burst: a bucket holds at most `burst` tokens and gains `perSecond` a second; an order takes one.
 * Counted in thousandths of a token, so that milliseconds divide evenly.
 */
export interface TokenBucket {
  milliTokens: number;
  filledMs: number;
}

export function fullBucket(burst: number, nowMs: number): TokenBucket {
  return { milliTokens: burst * 1_000, filledMs: nowMs };
}

/**
 * Takes a token, or returns false. If the clock is set back, no tokens are gained, and time goes on from there: nobody waits
 * until it is where it was. A smaller burst takes effect at once.
 */
export function takeToken(
  bucket: TokenBucket,
  rate: { readonly perSecond: number; readonly burst: number },
  nowMs: number,
): boolean {
  const elapsedMs = Math.max(0, nowMs - bucket.filledMs);
  bucket.milliTokens = Math.min(rate.burst * 1_000, bucket.milliTokens + elapsedMs * rate.perSecond);
  bucket.filledMs = nowMs;
  if (bucket.milliTokens < 1_000) return false;
  bucket.milliTokens -= 1_000;
  return true;
}
