const INT8_TYPE_ID = 20;
const HEADER_BYTES = 20;
const ELEMENT_BYTES = 12;
const TWO_32 = 2 ** 32;

/**
 * An int8[] in PostgreSQL's binary form (`array_send`), out of the first `count` numbers: a third of the time of a literal
 * on either side. All of them are safe integers.
 */
export function int8Array(values: ArrayLike<number>, count: number = values.length): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + count * ELEMENT_BYTES);
  const view = new DataView(bytes.buffer);
  // One dimension (none for an empty array), no nulls, the elements' type, how many, and that they are counted from 1.
  view.setInt32(0, count === 0 ? 0 : 1);
  view.setInt32(8, INT8_TYPE_ID);
  if (count === 0) return bytes.subarray(0, 12);
  view.setInt32(12, count);
  view.setInt32(16, 1);
  for (let index = 0, at = HEADER_BYTES; index < count; index++, at += ELEMENT_BYTES) {
    const value = values[index] ?? 0;
    const high = Math.floor(value / TWO_32);
    view.setInt32(at, 8);
    view.setInt32(at + 4, high);
    view.setUint32(at + 8, value - high * TWO_32);
  }
  return bytes;
}
