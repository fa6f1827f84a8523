import assert from "node:assert/strict";
import { test } from "node:test";
import { measuresWith } from "./measures.fixture.ts";
import { reportText } from "./report.ts";

/** The cells of the table's lines that begin with `what`. */
function cells(text: string, what: string): readonly string[] {
  return text.split("\n").flatMap((line) => {
    const [, name = "", cell = ""] = line.split("│").map((each) => each.trim());
    return name.startsWith(what) ? [cell] : [];
  });
}

test("each load stands beside the floor's: its rate and share, its times, its processor time", () => {
  const text = reportText([measuresWith({ floor: true })]);
  assert.deepEqual(cells(text, "100 orders a request"), ["4,000"]);
  assert.deepEqual(cells(text, "the floor's, and the share of it"), ["", "16,000 (0.25)", "16,000 (0.25)"]);
  assert.deepEqual(cells(text, "1,000 orders/s: acknowledged"), ["12.0 / 30.0 / 40.0"]);
  assert.deepEqual(cells(text, "the floor's, and p50 and p99"), ["3.0 / 5.0 / 9.0 (4.00, 6.00)"]);
  assert.deepEqual(cells(text, "processor, µs an order"), ["", "300 + 200", "300 + 200", "600 + 400"]);
  assert.deepEqual(cells(text, "the floor's, and in multiples"), [
    "",
    "80 + 20 (5.00)",
    "80 + 20 (5.00)",
    "80 + 20 (10.00)",
  ]);
  assert.match(
    text,
    /floor: before 47,500 orders acknowledged and found in SQL \(16,000\/s\), after 25,000 .* \(12,500\/s\)/,
  );
});

test("each load says what the machine had to spare and what its host took from it", () => {
  const measures = measuresWith({ floor: true });
  const text = reportText([measures]);
  assert.match(text, /batched: .*, client 0\.10 cores, the machine 12\.5% idle, 25\.0% taken by its host/);
  assert.match(text, /floor: .* 0\.02 cores, the machine 20\.0% idle, 0\.0% taken by its host/);
  const untold = { ...measures, steady: { ...measures.steady, machine: null } };
  assert.match(reportText([untold]), /steady: .* cores, the machine unknown/);
});

test("without the floor no line speaks of it", () => {
  const text = reportText([measuresWith({ floor: false })]);
  assert.doesNotMatch(text, /floor/);
  assert.deepEqual(cells(text, "processor, µs an order"), ["", "300 + 200", "300 + 200", "600 + 400"]);
});

test("what the system does not tell is said to be unknown", () => {
  const measures = measuresWith({ floor: true });
  const micros = { node: null, postgres: null, kafka: null };
  const text = reportText([{ ...measures, steady: { ...measures.steady, micros } }]);
  assert.equal(cells(text, "processor, µs an order").at(-1), "unknown");
  assert.equal(cells(text, "the floor's, and in multiples").at(-1), "80 + 20 (unknown)");
});
