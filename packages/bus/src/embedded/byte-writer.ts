import { GrowingBytes } from "@bourse/base";

const BOUNDS = { firstBytes: 1_000_000, mostKeptBytes: 32_000_000 };

/** Runs of the log as bytes. Integers are little-endian; there is room for what has no room of its own made. */
export class ByteWriter extends GrowingBytes<Buffer> {
  constructor() {
    super(Buffer, BOUNDS);
  }

  skip(bytes: number): void {
    this.end += bytes;
  }

  uint32(value: number): void {
    this.view.setUint32(this.end, value, true);
    this.end += 4;
  }

  uint32At(position: number, value: number): void {
    this.view.setUint32(position, value, true);
  }

  double(value: number): void {
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }
}
