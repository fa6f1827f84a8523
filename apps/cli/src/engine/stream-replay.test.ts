import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { isEqual, replayStream, type StreamReplayResult } from "./stream-replay.ts";

const DATA = join(import.meta.dirname, "../../../../../shared/data");
const skip = existsSync(DATA) ? false : `${DATA} with recorded markets is absent`;

const STREAM = [
  "cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz",
  "L,P1,S,1010,50,0,,,,,",
  "L,P2,B,1000,30,0,,1000,30,1010,50",
  "L,11,S,1005,20,1,,,,,",
  "L,12,S,1005,10,1,,1000,30,1005,30",
  "X,11,,,5,2,,1000,30,1005,25",
  "H,,S,1005,99,3,,1000,30,1005,25",
  "M,,B,1010,40,4,11:1005:15|12:1005:10|P1:1010:15,1000,30,1010,35",
  "D,P2,,,,5,,,,1010,35",
  "M,,B,1000,5,6,,,,1010,35",
];
const EMPTY_BID = "-9999999999,0";
const BOOK = [
  "1010,50,1000,30,9999999999,0,-9999999999,0",
  "1005,30,1000,30,1010,50,-9999999999,0",
  "1005,25,1000,30,1010,50,-9999999999,0",
  "1005,25,1000,30,1010,50,-9999999999,0",
  `1010,35,1000,30,9999999999,0,${EMPTY_BID}`,
  `1010,35,${EMPTY_BID},9999999999,0,${EMPTY_BID}`,
  `1010,35,${EMPTY_BID},9999999999,0,${EMPTY_BID}`,
];

async function replay(
  t: TestContext,
  stream: readonly string[],
  book?: readonly string[],
): Promise<StreamReplayResult> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-stream-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = { stream: join(folder, "stream.csv"), book: join(folder, "book.csv") };
  writeFileSync(files.stream, `${stream.join("\n")}\n`);
  if (book === undefined) return replayStream(files.stream);
  writeFileSync(files.book, `${book.join("\n")}\n`);
  return replayStream(files.stream, files.book);
}

/** A line changed, as if the engine or the venue had done something else. */
function changed(lines: readonly string[], line: number, from: string, to: string): readonly string[] {
  assert.ok(lines[line]?.includes(from));
  return lines.map((text, index) => (index === line ? text.replace(from, to) : text));
}

describe("a recorded stream through the engine", () => {
  it("gives every recorded fill, and the whole book after every step", async (t) => {
    assert.deepEqual(await replay(t, STREAM, BOOK), {
      commands: 9,
      aggressorsExpected: 2,
      aggressorsEqual: 2,
      fillsExpected: 3,
      fillsEqual: 3,
      booksCompared: 7,
      booksEqual: 7,
      firstDifferences: [],
    });
  });

  it("is compared with its best bid and ask where there is no orderbook file", async (t) => {
    const result = await replay(t, STREAM);
    assert.deepEqual([result.booksCompared, result.booksEqual], [7, 7]);
    const other = await replay(t, changed(STREAM, 5, "1005,25", "1005,24"));
    assert.deepEqual([other.booksCompared, other.booksEqual], [7, 6]);
    assert.deepEqual(other.firstDifferences, [
      "line 6, row 2, reduce 11: ask 1 is 25 at 1005 instead of 24 at 1005",
    ]);
  });

  it("differs where a fill differs", async (t) => {
    const result = await replay(t, changed(STREAM, 7, "12:1005:10", "12:1005:9"), BOOK);
    assert.deepEqual([result.aggressorsEqual, result.fillsEqual, result.fillsExpected], [1, 2, 3]);
    assert.match(
      result.firstDifferences[0] ?? "",
      /^line 8, row 4, aggress: fills are "11:1005:15\|12:1005:10\|P1/,
    );
    assert.equal(isEqual(result), false);
  });

  it("differs where there are fills that nobody recorded", async (t) => {
    const result = await replay(t, changed(STREAM, 9, "M,,B,1000", "M,,B,1010"), BOOK);
    assert.deepEqual([result.aggressorsEqual, result.fillsEqual, result.fillsExpected], [1, 3, 3]);
    assert.match(
      result.firstDifferences[0] ?? "",
      /^line 10, row 6, aggress: fills are "P1:1010:5" instead of ""/,
    );
  });

  it("differs where a level below the best differs", async (t) => {
    const result = await replay(t, STREAM, changed(BOOK, 2, "1010,50", "1010,51"));
    assert.deepEqual([result.booksCompared, result.booksEqual], [7, 6]);
    assert.deepEqual(result.firstDifferences, [
      "line 6, row 2, reduce 11: ask 2 is 50 at 1010 instead of 51 at 1010",
    ]);
  });

  it("differs where the engine has a level that the recording has not", async (t) => {
    const result = await replay(t, STREAM, changed(BOOK, 1, "1010,50", "9999999999,0"));
    assert.deepEqual(result.firstDifferences, [
      "line 5, row 1, limit 12: ask 2 is 50 at 1010 instead of empty",
    ]);
  });

  it("differs where the engine refuses a command", async (t) => {
    const result = await replay(t, changed(STREAM, 8, "D,P2", "D,P9"), undefined);
    assert.match(result.firstDifferences[0] ?? "", /delete P9: refused: no order with this id rests/);
    const twice = await replay(t, changed(STREAM, 4, "L,12", "L,11"), undefined);
    assert.match(twice.firstDifferences[0] ?? "", /limit 11: refused: an order with this id rests already/);
    const nothing = await replay(t, changed(STREAM, 4, "1005,10,1", "1005,0,1"), undefined);
    assert.match(nothing.firstDifferences[0] ?? "", /limit 12: refused: invalid_quantity/);
  });

  for (const [line, from, to, fault] of [
    [3, "1005", "10x5", /^RecordingError: line 4: price is "10x5"; allowed is a whole number/],
    [3, "L,", "Q,", /^RecordingError: line 4: cmd is "Q"; allowed are L, X, D, M, H/],
    [3, ",,,,,", ",,,", /^RecordingError: line 4: the line has 9 columns; allowed are 11/],
    [0, "cmd", "command", /^RecordingError: line 1: the header is/],
    [7, "P1:1010:15", "P1:1010", /^RecordingError: line 8: fills is ""; allowed is a whole number/],
  ] as const) {
    it(`ends at a line that breaks the format: ${to} for ${from}`, async (t) => {
      await assert.rejects(replay(t, changed(STREAM, line, from, to)), fault);
    });
  }

  it("ends where the orderbook file ends before it, or is none", async (t) => {
    await assert.rejects(
      replay(t, STREAM, BOOK.slice(0, 3)),
      /row is 3; allowed are 0 to 2, the rows of the orderbook/,
    );
    await assert.rejects(replay(t, STREAM, ["1010,50,1000"]), /row 0: the orderbook row has 3 columns/);
  });

  for (const [name, book, expected] of [
    ["AAPL-998-l10", "AAPL_first998_orderbook_10.csv", { commands: 1_648, aggressors: 63 }],
    [
      "MSFT-1000-l50",
      "MSFT_2012-06-21_34200000_37800000_orderbook_50.head.csv",
      { commands: 1_037, aggressors: 35 },
    ],
    ["AMZN-full-l5", "LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", { commands: 231_579, aggressors: 6_586 }],
  ] as const) {
    it(`gives what NASDAQ gave: ${name}`, { skip }, async () => {
      const stream = join(DATA, "lobster-engine-streams", `${name}.csv.gz`);
      const result = await replayStream(stream, join(DATA, "lobster", book));
      assert.deepEqual(result.firstDifferences, []);
      assert.equal(result.commands, expected.commands);
      assert.deepEqual(
        [result.aggressorsExpected, result.aggressorsEqual],
        [expected.aggressors, expected.aggressors],
      );
      assert.equal(result.fillsEqual, result.fillsExpected);
      assert.equal(result.booksEqual, result.booksCompared);
      assert.ok(result.booksCompared > 900);
    });
  }
});
