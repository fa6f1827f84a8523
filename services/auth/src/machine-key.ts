import { hash, randomBytes } from "node:crypto";

/** `bk_` and 200 random bits in base32: easy to find in logs and to type, never ambiguous. */
export const MACHINE_KEY_PATTERN = /^bk_[a-z2-7]{40}$/;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

export function newMachineKey(): string {
  let key = "bk_";
  for (const byte of randomBytes(40)) key += ALPHABET[byte & 31];
  return key;
}

export function hashMachineKey(key: string): Uint8Array {
  return hash("sha256", key, "buffer");
}
