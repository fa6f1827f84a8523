import { createHmac, hash } from "node:crypto";

/** `bk_` and 200 random bits in base32: easy to find in logs and to type, never ambiguous. */
export const MACHINE_KEY_PATTERN: RegExp = /^bk_[a-z2-7]{40}$/;

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** A new key. `newId` gives 128 random bits as 32 hex digits at each call. */
export function newMachineKey(newId: () => string): string {
  return keyOfBits(hash("sha512", newId() + newId(), "buffer"));
}

/**
 * The key that belongs to a random seed: the same again for who has the installation's secret, nothing to anyone else.
 * So a key can be answered twice without being kept.
 */
export function machineKeyOf(secret: string, seed: string): string {
  return keyOfBits(createHmac("sha512", secret).update(`machine key ${seed}`).digest());
}

function keyOfBits(bits: Uint8Array): string {
  let key = "bk_";
  for (const byte of bits.subarray(0, 40)) key += ALPHABET[byte & 31];
  return key;
}

export function hashMachineKey(key: string): Uint8Array {
  return hash("sha256", key, "buffer");
}
