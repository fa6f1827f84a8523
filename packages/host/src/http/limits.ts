/** A route may name another one. */
export const DEFAULT_BODY_LIMIT = 65_536;
/** Address and headers of a request together. */
export const MAX_HEAD_BYTES = 16_384;
/** From a request's first byte to its last. Who sends more slowly would hold a connection for nothing. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** How long a connection may have nothing to ask. */
export const KEEP_ALIVE_MS = 72_000;
