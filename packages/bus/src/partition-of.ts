/**
 * The partition of a key (R3): what Kafka's default partitioner of the Java client answers, so that both adapters,
 * and producers in other languages, agree. `partitions` is a positive integer.
 * Source: org.apache.kafka.common.utils.Utils.murmur2 over the key's UTF-8 bytes, the sign bit masked off.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions;
}

const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/** Java's murmur2 of the UTF-8 bytes, as a signed 32-bit integer. */
export function murmur2(key: string): number {
  for (let index = 0; index < key.length; index++) {
    if (key.charCodeAt(index) > 127) return murmur2OfBytes(encoder.encode(key));
  }
  return murmur2OfAscii(key);
}

const encoder = new TextEncoder();

/** Character codes of ASCII text are its UTF-8 bytes: no copy is made. */
function murmur2OfAscii(text: string): number {
  const length = text.length;
  const whole = length & ~3;
  let hash = SEED ^ length;
  for (let index = 0; index < whole; index += 4) {
    hash = mixIn(
      hash,
      text.charCodeAt(index) |
        (text.charCodeAt(index + 1) << 8) |
        (text.charCodeAt(index + 2) << 16) |
        (text.charCodeAt(index + 3) << 24),
    );
  }
  const rest = length - whole;
  if (rest === 3) hash ^= text.charCodeAt(whole + 2) << 16;
  if (rest >= 2) hash ^= text.charCodeAt(whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ text.charCodeAt(whole), MULTIPLIER);
  return finish(hash);
}

function murmur2OfBytes(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length & ~3;
  const at = (index: number): number => bytes[index] ?? 0;
  let hash = SEED ^ length;
  for (let index = 0; index < whole; index += 4) {
    hash = mixIn(hash, at(index) | (at(index + 1) << 8) | (at(index + 2) << 16) | (at(index + 3) << 24));
  }
  const rest = length - whole;
  if (rest === 3) hash ^= at(whole + 2) << 16;
  if (rest >= 2) hash ^= at(whole + 1) << 8;
  if (rest >= 1) hash = Math.imul(hash ^ at(whole), MULTIPLIER);
  return finish(hash);
}

function mixIn(hash: number, word: number): number {
  const scrambled = Math.imul(word, MULTIPLIER);
  return Math.imul(hash, MULTIPLIER) ^ Math.imul(scrambled ^ (scrambled >>> 24), MULTIPLIER);
}

function finish(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return mixed ^ (mixed >>> 15);
}
