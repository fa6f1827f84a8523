import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { RecordingError } from "../recording-error.ts";
import { FIRST_NUMBERED_KEY, HEAD, MESSAGE, type MessageColumns } from "./message-columns.ts";
import { CONSENSUS_HEADER, readConsensus } from "./read-consensus.ts";

function read(...chunks: string[]): Promise<MessageColumns> {
  return readConsensus(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
}

const THREE = `${CONSENSUS_HEADER}\nN,1,1,26,0,17981,33683\nC,0,0,0,1,5,-3\nM,0,0,4294967295,7,9007199254740991,9007199254740991\n`;

describe("a consensus workload", () => {
  it("becomes columns", async () => {
    const messages = await read(THREE);
    assert.equal(messages.count, 3);
    assert.deepEqual(
      [...messages.head.subarray(0, 3)],
      [MESSAGE.NEW | HEAD.SELLS | HEAD.IMMEDIATE, MESSAGE.CANCEL, MESSAGE.MODIFY],
    );
    assert.deepEqual([...messages.quantity.subarray(0, 3)], [26, 0, 4_294_967_295]);
    assert.deepEqual([...messages.sequence.subarray(0, 3)], [0, 1, 7]);
    assert.deepEqual([...messages.orderId.subarray(0, 3)], [17_981, 5, Number.MAX_SAFE_INTEGER]);
    assert.deepEqual([...messages.price.subarray(0, 3)], [33_683, -3, Number.MAX_SAFE_INTEGER]);
  });

  it("is the same wherever the file is cut into chunks, with either end of line, with or without the last one", async () => {
    const whole = await read(THREE);
    for (let cut = 0; cut <= THREE.length; cut++) {
      assert.deepEqual(await read(THREE.slice(0, cut), THREE.slice(cut)), whole, `cut at ${cut}`);
    }
    assert.deepEqual(await read(THREE.replaceAll("\n", "\r\n")), whole);
    assert.deepEqual(await read(THREE.trimEnd()), whole);
  });

  it("gives the same order the same key, however great its id", async () => {
    const ids = [3, 16_777_215, 16_777_216, 9_007_199_254_740_991, 16_777_216, 3];
    const lines = ids.map((id, index) => `N,0,0,1,${index},${id},1`);
    const { key, keys } = await read([CONSENSUS_HEADER, ...lines].join("\n"));
    const [first, second] = [FIRST_NUMBERED_KEY, FIRST_NUMBERED_KEY + 1];
    assert.deepEqual([...key.subarray(0, 6)], [3, 16_777_215, first, second, first, 3]);
    assert.equal(keys, FIRST_NUMBERED_KEY + 2);
  });

  it("knows the bounds of what is placed", async () => {
    const lines = ["N,0,0,5,0,1,-20", "M,0,0,9,1,1,40", "C,0,0,100,2,1,-500"];
    const messages = await read([CONSENSUS_HEADER, ...lines].join("\n"));
    assert.deepEqual([messages.lowestPrice, messages.highestPrice, messages.greatestQuantity], [-20, 40, 9]);
  });

  it("holds more messages than its first columns do", async () => {
    const lines = Array.from(
      { length: 150_000 },
      (_, index) => `N,${index % 2},0,${(index % 100) + 1},${index},${index},7`,
    );
    const messages = await read([CONSENSUS_HEADER, ...lines].join("\n"));
    assert.equal(messages.count, 150_000);
    assert.deepEqual([messages.quantity[149_999], messages.orderId[70_000]], [100, 70_000]);
  });

  for (const [line, fault] of [
    ["X,0,0,1,5,1,1", 'type is "X"; allowed are N, C, M'],
    ["N,2,0,1,5,1,1", 'side is "2"; allowed are 0, 1'],
    ["N,0,x,1,5,1,1", 'ioc is "x"; allowed are 0, 1'],
    ["N,0,0,0,5,1,1", 'qty is "0"; allowed are whole numbers from 1 to 4294967295'],
    ["M,0,0,0,5,1,1", 'qty is "0"; allowed are whole numbers from 1 to 4294967295'],
    ["N,0,0,4294967296,5,1,1", 'qty is "4294967296"; allowed'],
    ["N,0,0,1.5,5,1,1", 'qty is "1.5"; allowed'],
    ["N,0,0,-1,5,1,1", 'qty is "-1"; allowed'],
    ["N,0,0,,5,1,1", 'qty is ""; allowed'],
    ["N,0,0,1,4,1,1", 'seq is "4"; allowed are whole numbers from 5'],
    ["N,0,0,1,5,-1,1", 'order_id is "-1"; allowed are whole numbers from 0'],
    ["N,0,0,1,5,9007199254740992,1", 'order_id is "9007199254740992"; allowed'],
    ["N,0,0,1,5,__proto__,1", 'order_id is "__proto__"; allowed'],
    ["N,0,0,1,5,1,", 'price_ticks is ""; allowed'],
    ["N,0,0,1,5,1,1e3", 'price_ticks is "1e3"; allowed'],
    ["N,0,0,1,5,1,--1", 'price_ticks is "--1"; allowed'],
    ["N,0,0,1,5,1", "the line has 6 columns; allowed are 7"],
    ["N,0,0,1,5,1,1,", "the line has 8 columns; allowed are 7"],
    ["", "the line has 1 columns; allowed are 7"],
  ] as const) {
    it(`with the line "${line.slice(0, 40)}" names it and what is wrong`, async () => {
      const text = `${CONSENSUS_HEADER}\nN,0,0,1,4,1,1\n${line}\n`;
      await assert.rejects(read(text), (error: unknown) => {
        assert.ok(error instanceof RecordingError);
        assert.ok(error.message.startsWith(`line 3: ${fault}`), error.message);
        return true;
      });
    });
  }

  it("that is no text of lines is not read to its end", async () => {
    const endless = Readable.from([`${CONSENSUS_HEADER}\nN,0,0,`, "1".repeat(2_000)]);
    await assert.rejects(
      readConsensus(endless),
      /^RecordingError: line 2: the line is longer than 1024 bytes/,
    );
  });

  it("without its header is refused", async () => {
    await assert.rejects(
      read("N,0,0,1,5,1,1\n"),
      /^RecordingError: line 1: the header is "N,0,0,1,5,1,1"; allowed is "type,/,
    );
    await assert.rejects(read(), /line 1: the header is ""/);
  });
});
