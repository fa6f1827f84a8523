import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDecimal } from "@bourse/base";
import { encodeTradeReported } from "@bourse/contracts";
import fc from "fast-check";
import { report } from "../testing.ts";
import { ReportScanner, SCAN } from "./scan-report.ts";
import { TradeColumns } from "./trade-columns.ts";
import { InstrumentTable, tradeInstrument } from "./trade-instruments.ts";

const instruments = new InstrumentTable([tradeInstrument("AAPL", 4, 4), tradeInstrument("BTC-USD", 2, 6)]);
const scanner = new ReportScanner(instruments);

function scanned(value: string): { readonly code: number; readonly columns: TradeColumns } {
  const columns = new TradeColumns();
  columns.reset(1);
  // Something before and behind it, as in a chunk.
  const bytes = Buffer.from(`"}x${value}"}9`);
  const code = scanner.scan(bytes, 3, bytes.length - 3, columns, 0);
  columns.sources[0] = bytes;
  return { code, columns };
}

const decimal = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "1",
    "0.1",
    "1.50",
    "00",
    "1.",
    ".5",
    "+1",
    "1e5",
    "9007199254740993",
    "0.00000001",
    "",
  ),
  fc.tuple(fc.integer({ min: -5, max: 2 ** 40 }), fc.integer({ min: 0, max: 6 })).map(([value, decimals]) => {
    const digits = String(Math.abs(value)).padStart(decimals + 1, "0");
    const whole = digits.slice(0, digits.length - decimals);
    return `${value < 0 ? "-" : ""}${whole}${decimals === 0 ? "" : `.${digits.slice(-decimals)}`}`;
  }),
);

/** What the fields say, by the house's own reader of decimals; null: the scan must not take it. */
function expected(trade: ReturnType<typeof report>): readonly number[] | null {
  const instrument = instruments.bySymbol(trade.symbol);
  if (instrument === undefined) return null;
  const quantity = parseDecimal(trade.quantity, instrument.quantityScale);
  const price = parseDecimal(trade.price, instrument.priceScale);
  const fee = parseDecimal(trade.fee, instrument.amountScale);
  if (typeof quantity !== "bigint" || typeof price !== "bigint" || typeof fee !== "bigint") return null;
  const max = BigInt(Number.MAX_SAFE_INTEGER);
  if (quantity <= 0n || price <= 0n || quantity * price > max || fee > max || fee < -max) return null;
  return [quantity, price, fee, quantity * price].map(Number);
}

test("a scan reads what JSON and the decimals' reader read, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.record({ quantity: decimal, price: decimal, fee: decimal }),
      fc.constantFrom("AAPL", "BTC-USD", "GME"),
      fc.option(fc.constantFrom("o-1", "x:/."), { nil: undefined }),
      fc.date({ min: new Date(0), max: new Date("2099-12-31"), noInvalidDate: true }),
      (amounts, symbol, orderId, time) => {
        const trade = report({
          tradeId: "T-17",
          symbol,
          timestamp: time.toISOString(),
          ...amounts,
          ...(orderId === undefined ? {} : { orderId }),
        });
        const { code, columns } = scanned(encodeTradeReported(trade));
        const wanted = expected(trade);
        assert.equal(code === SCAN.ok, wanted !== null, `${JSON.stringify(trade)}: ${code}`);
        if (wanted === null) return;
        const [source] = columns.sources;
        const text = (start = -1, end = -1): string =>
          Buffer.from(source ?? []).toString("latin1", start, end);
        assert.deepEqual(
          [columns.quantityLots[0], columns.priceTicks[0], columns.feeUnits[0], columns.notionalUnits[0]].map(
            (value) => (value ?? 0) + 0,
          ),
          wanted.map((value) => value + 0),
        );
        assert.equal(columns.timesMs[0], time.getTime());
        assert.equal(text(columns.tradeStart[0], columns.tradeEnd[0]), "T-17");
        assert.equal(text(columns.clientStart[0], columns.clientEnd[0]), "C0001");
        if (orderId !== undefined) assert.equal(text(columns.orderStart[0], columns.orderEnd[0]), orderId);
        assert.equal(columns.orderStart[0] === -1, orderId === undefined);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("bytes that were changed anywhere are never read as another valid report by mistake", () => {
  const whole = encodeTradeReported(report({ tradeId: "T-1" }));
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 127 }), (at, letter) => {
      const changed = whole.slice(0, at) + String.fromCharCode(letter) + whole.slice(at + 1);
      const { code } = scanned(changed);
      if (code !== SCAN.ok) return;
      const parsed = JSON.parse(changed) as ReturnType<typeof report>;
      assert.equal(encodeTradeReported(parsed), changed);
      assert.notEqual(expected(parsed), null);
    }),
    { numRuns: 2_000 },
  );
  for (let end = 0; end < whole.length; end++)
    assert.notEqual(scanned(whole.slice(0, end)).code, SCAN.ok, "a piece of one is none");
});

test("a time that there is not is refused", () => {
  for (const timestamp of [
    "2026-02-29T00:00:00.000Z",
    "2026-13-01T00:00:00.000Z",
    "2026-01-01T24:00:00.000Z",
  ])
    assert.equal(scanned(encodeTradeReported(report({ tradeId: "t", timestamp }))).code, SCAN.noSuchTime);
});
