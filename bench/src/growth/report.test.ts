import assert from "node:assert/strict";
import { test } from "node:test";
import type { Growth } from "./measure-growth.ts";
import { reportText, summaryOf } from "./report.ts";

const plain: Growth = {
  name: "plain",
  words: "4 symbols",
  ordersPerSecond: 4_000,
  cpuMicrosPerOrder: 300,
  requests: { p50: 400, p99: 500, max: 600, count: 10 },
  nodeRssMb: 400,
  postgresRssMb: 300,
  setUpSeconds: 9,
};
const grown: Growth = {
  ...plain,
  name: "symbols",
  words: "1,000 symbols",
  ordersPerSecond: 2_500,
  cpuMicrosPerOrder: 390,
};

test("cost is processor time against the plain venue, slower is orders a second against it", () => {
  const { costRatio, slowdown } = summaryOf(grown, plain);
  assert.deepEqual([costRatio, slowdown], [1.3, 1.6]);
  assert.equal(summaryOf({ ...grown, ordersPerSecond: null }, plain).slowdown, null);
  assert.match(reportText([plain, grown], plain), /1,000 symbols .* 2,500 .* 390 .* 1\.30 .* 1\.60 /);
});
