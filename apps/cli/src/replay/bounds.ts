/** Items of one batch: what the platform takes. */
export const MAX_BATCH = 1_000;

/** The fewest accounts a side, so that no account sees a large share of the flow. */
export const MIN_ACCOUNTS = 50;
export const MAX_ACCOUNTS = 999;
