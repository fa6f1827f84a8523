import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { openTrades } from "./open-trades.ts";
import type { RecordedTrade } from "./recorded-trade.ts";

function file(t: TestContext, name: string, content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "recordings-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

async function all(path: string, symbol?: string): Promise<readonly RecordedTrade[]> {
  return Array.fromAsync(await openTrades(path, symbol));
}

const HEADER = "timestamp,id,side,price,amount";

describe("recorded trades", () => {
  it("are read from a CSV by the names of its columns", async (t) => {
    const content = `${HEADER}\n1570752011620,1,sell,0.00141342,23.0\n\n1570752017,2,BUY,100.50,1\n`;
    assert.deepEqual(await all(file(t, "xrp-eth.csv.gz", gzipSync(content))), [
      { timeMs: 1_570_752_011_620, symbol: "XRP-ETH", side: "SELL", price: "0.00141342", quantity: "23" },
      { timeMs: 1_570_752_017_000, symbol: "XRP-ETH", side: "BUY", price: "100.5", quantity: "1" },
    ]);
    const named = "px,size,side,time,symbol\n1,2,b,2024-08-08T00:00:00.001Z,btc/usd\n";
    assert.deepEqual(await all(file(t, "t.csv", named), "NOT-THIS"), [
      { timeMs: 1_723_075_200_001, symbol: "BTC-USD", side: "BUY", price: "1", quantity: "2" },
    ]);
  });

  it("are of the millisecond that their times say, in whatever unit", async (t) => {
    for (const [time, timeMs] of [
      ["1570752011.621", 1_570_752_011_621],
      ["1570752011.6219", 1_570_752_011_621],
      ["1570752011", 1_570_752_011_000],
      ["1570752011620", 1_570_752_011_620],
      ["1570752011620.9", 1_570_752_011_620],
      ["1570752011620999", 1_570_752_011_620],
      ["1570752000000000000", 1_570_752_000_000],
      ["1570752011619999999", 1_570_752_011_619],
      ["2019-10-11T02:00:11.619+02:00", 1_570_752_011_619],
      ["2019-10-11T00:00:11.619", 1_570_752_011_619],
      ["2019-10-11 00:00:11.619999", 1_570_752_011_619],
      ["2019-10-11 00:00:11 UTC", 1_570_752_011_000],
    ] as const) {
      const [trade] = await all(file(t, "t.csv", `${HEADER}\n${time},1,buy,1,1\n`));
      assert.equal(trade?.timeMs, timeMs, time);
    }
    const [execution] = await all(file(t, "A_1970-01-02_message.csv", "1.001,4,7,60,5859400,1"));
    assert.equal(execution?.timeMs, 86_400_000 + 1_001);
  });

  it("are read from captures, where the rest is passed over", async (t) => {
    const lines = [
      '1723161253937085768 {"stream":"btcusdt@depth","data":{"e":"depthUpdate"}}',
      '1723161254087896568 {"data":{"e":"trade","s":"BTCUSDT","p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true}}',
    ];
    assert.deepEqual(await all(file(t, "spot.txt", `${lines.join("\n")}\n`)), [
      { timeMs: 1_723_161_255_342, symbol: "BTCUSDT", side: "SELL", price: "61837.63", quantity: "0.02" },
    ]);
    const feed = [
      "wss://stream.example/stream?streams=x <-> 1633998511.159679",
      '1633998523.963: {"data":{"e":"aggTrade","s":"NKNUSDT","p":"0.3528","q":"58.0","T":1633998523963,"m":false}}',
    ];
    assert.deepEqual((await all(file(t, "ws.0", feed.join("\n"))))[0]?.side, "BUY");
  });

  it("are a LOBSTER file's executions", async (t) => {
    const rows = ["34200.5,1,7,100,5859400,1", "34201.25,4,7,60,5859400,1", "34202,5,0,10,5859500,-1"];
    assert.deepEqual(await all(file(t, "AMZN_2012-06-21_message_5.csv", rows.join("\n"))), [
      { timeMs: 1_340_271_001_250, symbol: "AMZN", side: "SELL", price: "585.94", quantity: "60" },
      { timeMs: 1_340_271_002_000, symbol: "AMZN", side: "BUY", price: "585.95", quantity: "10" },
    ]);
  });

  for (const [name, content, words] of [
    ["no such column", "timestamp,side,price\n1,buy,1", /line 1: the header .* has no quantity; allowed is/],
    ["no number", `${HEADER}\n1,1,buy,abc,1`, /line 2: price is "abc"; allowed is a positive decimal/],
    ["a negative price", `${HEADER}\n1,1,buy,-1,1`, /line 2: price is "-1"/],
    ["nothing traded", `${HEADER}\n1,1,buy,1,1\n1,1,buy,1,0.000`, /line 3: quantity is "0.000"/],
    ["an exponent", `${HEADER}\n1,1,buy,1e5,1`, /line 2: price is "1e5"/],
    ["no side", `${HEADER}\n1,1,hold,1,1`, /line 2: side is "hold"; allowed is buy or sell/],
    ["no time", `${HEADER}\nnow,1,buy,1,1`, /line 2: time is "now"; allowed is a time/],
    [
      "no such day",
      `${HEADER}\n2024-02-30T00:00:00Z,1,buy,1,1`,
      /line 2: time is "2024-02-30T00:00:00Z"; allowed/,
    ],
    [
      "a zone by its name",
      `${HEADER}\n2024-02-03 00:00:00 CET,1,buy,1,1`,
      /line 2: time is .*; allowed is a time/,
    ],
    ["half a quote", `${HEADER}\n1,a"b,buy,1,1`, /line 2: .*a quote is found .*; allowed are/],
    [
      "a quote without end",
      `${HEADER}\n1,"${"1,1,buy,1,1\n".repeat(9_999)}`,
      /Max Record Size.*; allowed are/,
    ],
    ["too few columns", `${HEADER}\n1,1,buy`, /line 2: price is ""/],
    ["half a message", '1 {"e":"trade","p":}', /line 1: .*cut off/],
    ["a capture's other line", '1 {"e":"x"}\nwhat is this', /line 2: the line is "what is this"; allowed/],
    ["nothing", "", /is empty/],
  ] as const) {
    it(`of ${name} are refused with the place and what is allowed`, async (t) => {
      await assert.rejects(all(file(t, "trades.csv", content)), { name: "RecordingError", message: words });
    });
  }

  it("that are not there are refused", async () => {
    await assert.rejects(all("/nowhere/trades.csv"), /does not exist/);
  });

  const recorded = join(import.meta.dirname, "../../../../../shared/data");
  for (const [path, trades] of [
    ["xrpeth-trades-candles/trades.csv.gz", 12_477],
    ["binance-captures/spot_btcusdt_20240808.gz", 9_757],
    ["lobster/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip", 11_419],
  ] as const) {
    const whole = join(recorded, path);
    it(`are all of ${path}`, {
      skip: existsSync(whole) ? false : "the folder of real recordings is not beside the repository",
    }, async () => {
      assert.equal((await all(whole)).length, trades);
    });
  }
});
