import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import {
  lobsterFlow,
  openRecording,
  type RecordedCommand,
  RecordingError,
  readEngineStream,
  readLobster,
} from "./index.ts";

const DATA = join(import.meta.dirname, "../../../../shared/data");
const skip = existsSync(DATA) ? false : "the folder ../shared/data with recorded markets is absent";
const HEADER = "cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz\n";

async function all(commands: AsyncIterable<RecordedCommand>): Promise<RecordedCommand[]> {
  const list: RecordedCommand[] = [];
  for await (const command of commands) list.push(command);
  return list;
}

describe("an engine stream", () => {
  it("is read command by command", async () => {
    const text = `${HEADER}L,P1,S,2239500,100,0,,,,2239500,100\nX,P1,,,40,1,,,,,\nM,,B,2239500,60,2,P1:2239500:60,,,,\n`;
    const [limit, reduce, aggress] = await all(readEngineStream(Readable.from([text])));
    assert.deepEqual(limit?.touch, { bid: null, ask: { price: 2_239_500, quantity: 100 } });
    assert.equal(reduce?.kind, "reduce");
    assert.deepEqual(aggress?.fills, [{ makerId: "P1", price: 2_239_500, quantity: 60 }]);
  });

  for (const [row, fault] of [
    ["Q,1,B,1,1,0,,,,,", "cmd"],
    ["L,1,Z,1,1,0,,,,,", "side"],
    ["L,1,B,1.5,1,0,,,,,", "price"],
    ["L,1,B,1,,0,,,,,", "qty"],
    ["M,,B,1,1,0,P1:x:1,,,,", "fills"],
    ["D,,,,,0,,,,,", "id"],
  ] as const) {
    it(`with a bad ${fault} names the row and the field`, async () => {
      await assert.rejects(all(readEngineStream(Readable.from([HEADER + row]))), (error: unknown) => {
        assert.ok(error instanceof RecordingError);
        assert.match(error.message, new RegExp(`^line 2: ${fault} `));
        return true;
      });
    });
  }
});

describe("a LOBSTER recording", () => {
  it("whose files differ in length is refused", async () => {
    const flow = lobsterFlow(
      readLobster(Readable.from(["1.0,1,7,10,100,1\n2.0,1,8,10,99,1\n"]), Readable.from(["200,5,100,10\n"])),
    );
    await assert.rejects(all(flow), /the orderbook file ends before the message file/);
  });

  // The engine streams were made from the same recordings, independently: both ways must tell the same commands.
  for (const [name, lobster, stream] of [
    ["AAPL, 10 levels", "lobster/AAPL_first998_message_10.csv", "AAPL-998-l10.csv.gz"],
    [
      "MSFT, 50 levels",
      "lobster/MSFT_2012-06-21_34200000_37800000_message_50.head.csv",
      "MSFT-1000-l50.csv.gz",
    ],
    [
      "AMZN, 5 levels, a whole day",
      "lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip",
      "AMZN-full-l5.csv.gz",
    ],
  ] as const) {
    it(`yields the commands of its engine stream: ${name}`, { skip }, async () => {
      const recording = await openRecording(join(DATA, lobster));
      const expected = (await openRecording(join(DATA, "lobster-engine-streams", stream))).commands[
        Symbol.asyncIterator
      ]();
      assert.equal(recording.format, "lobster");
      let compared = 0;
      for await (const command of recording.commands) {
        const other = await expected.next();
        assert.deepEqual(command, other.value, `command ${compared}`);
        compared++;
      }
      assert.equal((await expected.next()).done, true);
      assert.ok(compared > 1_000);
    });
  }
});
