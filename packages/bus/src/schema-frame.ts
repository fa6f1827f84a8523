/**
 * A value framed with the id of its schema, as registries' own clients write and read it: a zero byte, the id in 4 bytes
 * (big-endian), the value. Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
export const FRAME_BYTES = 5;
const MAGIC = 0;
const BRACE = 0x7b;

/** Whether a frame begins there. Values are JSON objects, which begin with a brace: nothing plain looks like a frame. */
export function isFramed(bytes: Uint8Array, position = 0): boolean {
  return bytes[position] === MAGIC && bytes[position + FRAME_BYTES] === BRACE;
}

export function readSchemaId(bytes: Buffer): number {
  return bytes.readUInt32BE(1);
}

/** Writes the frame's head at a position and answers the one after it. */
export function writeFrame(bytes: Buffer, position: number, schemaId: number): number {
  bytes[position] = MAGIC;
  return bytes.writeUInt32BE(schemaId, position + 1);
}
