import { hash } from "node:crypto";
import { canonicalPlacement, type Placement } from "./domain/placement.ts";

/** R10: 128 bits of SHA-256 over account, NUL, client order id, as 32 hex digits. Neither holds a NUL. */
export function orderIdOf(accountId: string, clientOrderId: string): string {
  return hash128(`${accountId}\0${clientOrderId}`);
}

/** Tells the same request from another with its key. */
export function bodyHashOf(placement: Placement): string {
  return hash128(canonicalPlacement(placement));
}

/** The request id of a command that its caller may send again: by account and the caller's key. */
export function requestIdOf(scope: string, key: string): string {
  return hash128(`request\0${scope}\0${key}`);
}

/** The request id of what follows from an event: the same for every try. */
export function derivedRequestId(cause: string): string {
  return hash128(`cause\0${cause}`);
}

function hash128(text: string): string {
  return hash("sha256", text, "hex").slice(0, 32);
}
