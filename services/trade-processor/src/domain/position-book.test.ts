import assert from "node:assert/strict";
import { test } from "node:test";
import { PositionBook } from "./position-book.ts";
import { InstrumentTable } from "./trade-instruments.ts";

test("a client keeps its number, whatever becomes of the bytes it was first read from", () => {
  const book = new PositionBook("AVERAGE", new InstrumentTable());
  const numbers = Array.from({ length: 5_000 }, (_, nth) => {
    // A view of memory that others share, as the bytes of a reply are.
    const bytes = Buffer.from(`--C${nth}--`);
    const number = book.client(bytes, 2, bytes.length - 2);
    bytes.fill(0);
    return number;
  });
  assert.equal(new Set(numbers).size, 5_000);
  numbers.forEach((number, nth) => {
    const bytes = Buffer.from(`C${nth}`);
    assert.equal(book.client(bytes, 0, bytes.length), number);
    assert.equal(book.clientId(number), `C${nth}`);
  });
});
