import { hash } from "node:crypto";

/** `bk_` and 200 random bits in base32: easy to find in logs and to type, never ambiguous. */
export const MACHINE_KEY_PATTERN: RegExp = /^bk_[a-z2-7]{40}$/;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** A new key. `newId` gives 128 random bits as 32 hex digits at each call. */
export function newMachineKey(newId: () => string): string {
  const bits = hash("sha512", newId() + newId(), "buffer");
  let key = "bk_";
  for (const byte of bits.subarray(0, 40)) key += ALPHABET[byte & 31];
  return key;
}

export function hashMachineKey(key: string): Uint8Array {
  return hash("sha256", key, "buffer");
}
