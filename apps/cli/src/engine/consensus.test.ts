import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { describe, it, type TestContext } from "node:test";
import { CONSENSUS_HEADER, openFile, readConsensus } from "@bourse/recordings";
import { naiveReports, wildMessages } from "../testing/naive-consensus.ts";
import { runConsensus } from "./consensus.ts";
import { ConsensusRun } from "./consensus-run.ts";
import { consensusWorkload, SCENARIOS, type Scenario } from "./consensus-workload.ts";
import { ReportRows } from "./report-rows.ts";
import { reportHash, reportParts } from "./report-text.ts";

const DATA = join(import.meta.dirname, "../../../../../shared/data/consensus-workload");
const skip = existsSync(DATA) ? false : `${DATA} with the consensus workload is absent`;

/** Runs messages and tells the report stream, line by line. */
async function reportsOf(lines: readonly string[]): Promise<readonly string[]> {
  const messages = await readConsensus(Readable.from([[CONSENSUS_HEADER, ...lines].join("\n")]));
  const rows = new ReportRows();
  new ConsensusRun(messages, rows).run();
  const text = [...reportParts(messages, rows)].map((part) => Buffer.from(part).toString()).join("");
  assert.equal(reportHash(messages, rows), createHash("sha256").update(text).digest("hex"));
  return text.split("\n");
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "bourse-consensus-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

describe("the reports of a consensus workload", () => {
  it("acknowledge an order, fill it against the oldest of the best price, and let its rest stand", async () => {
    assert.deepEqual(
      await reportsOf([
        "N,1,0,10,0,1,100",
        "N,1,0,5,1,2,100",
        "N,1,0,7,2,3,99",
        "N,0,0,20,3,4,100",
        "C,0,0,0,4,4,0",
      ]),
      [
        "0,0,1,1,100,10",
        "0,1,1,2,100,5",
        "0,2,1,3,99,7",
        "0,3,0,4,100,20",
        "1,3,99,7,3,4",
        "1,3,100,10,1,4",
        "1,3,100,3,2,4",
        "4,4,4",
      ],
    );
  });

  it("cancel what is left of an immediate order, at its own price, and tell nothing where nothing is left", async () => {
    assert.deepEqual(
      await reportsOf([
        "N,1,0,5,0,1,100",
        "N,0,1,8,1,2,105",
        "N,1,0,5,2,3,100",
        "N,0,1,5,3,4,105",
        "N,0,1,5,4,5,105",
      ]),
      [
        "0,0,1,1,100,5",
        "0,1,0,2,105,8",
        "1,1,100,5,1,2",
        "2,1,0,2,105",
        "0,2,1,3,100,5",
        "0,3,0,4,105,5",
        "1,3,100,5,3,4",
        "0,4,0,5,105,5",
        "2,4,0,5,105",
      ],
    );
  });

  it("tell a cancel with the order's own side and price, whatever the message says", async () => {
    assert.deepEqual(await reportsOf(["N,0,0,5,0,1,100", "C,1,1,9,1,1,7"]), ["0,0,0,1,100,5", "2,1,0,1,100"]);
  });

  it("put a modified order behind its level with all of its new quantity, also when that is less", async () => {
    assert.deepEqual(
      await reportsOf([
        "N,0,0,8,0,1,99",
        "N,0,0,8,1,2,99",
        "M,0,0,2,2,1,99",
        "N,1,0,9,3,3,99",
        "M,0,0,30,4,1,99",
        "N,1,0,30,5,4,99",
      ]),
      [
        "0,0,0,1,99,8",
        "0,1,0,2,99,8",
        "3,2,0,1,99,2",
        "0,3,1,3,99,9",
        "1,3,99,8,2,3",
        "1,3,99,1,1,3",
        "3,4,0,1,99,30",
        "0,5,1,4,99,30",
        "1,5,99,30,1,4",
      ],
    );
  });

  it("tell a modification's trades before it, and keep the order's side whatever the message says", async () => {
    assert.deepEqual(
      await reportsOf(["N,0,0,5,0,1,100", "N,1,0,8,1,2,105", "M,0,1,9,2,2,100", "C,1,0,0,3,2,0"]),
      ["0,0,0,1,100,5", "0,1,1,2,105,8", "1,2,100,5,1,2", "3,2,1,2,100,9", "2,3,1,2,100"],
    );
  });

  it("refuse to cancel or modify what never was, is filled, is cancelled or was immediate", async () => {
    assert.deepEqual(
      await reportsOf([
        "C,0,0,1,0,9,100",
        "M,0,0,1,1,9,100",
        "N,0,0,5,2,1,100",
        "N,1,0,5,3,2,100",
        "C,0,0,5,4,1,100",
        "M,1,0,5,5,2,100",
        "N,0,1,5,6,3,100",
        "M,0,0,5,7,3,100",
        "N,0,0,5,8,4,100",
        "C,0,0,5,9,4,100",
        "C,0,0,5,10,4,100",
      ]).then((reports) => reports.filter((report) => /^[45]/.test(report))),
      ["4,0,9", "5,1,9", "4,4,1", "5,5,2", "5,7,3", "4,10,4"],
    );
  });

  it("follow an id to its new order when it is free again", async () => {
    assert.deepEqual(
      await reportsOf(["N,0,0,5,0,1,100", "C,0,0,5,1,1,100", "N,1,0,6,2,1,101", "C,0,0,5,3,1,100"]),
      ["0,0,0,1,100,5", "2,1,0,1,100", "0,2,1,1,101,6", "2,3,1,1,101"],
    );
  });

  it("count in prices below one, in great ids and in the greatest quantities", async () => {
    assert.deepEqual(
      await reportsOf([
        "N,1,0,4294967295,5,9007199254740991,-7",
        "N,0,0,4294967294,8,16777216,0",
        "C,0,0,0,9,9007199254740991,0",
      ]),
      [
        "0,5,1,9007199254740991,-7,4294967295",
        "0,8,0,16777216,0,4294967294",
        "1,8,-7,4294967294,9007199254740991,16777216",
        "2,9,1,9007199254740991,-7",
      ],
    );
  });

  it("hold a sweep that has more events than the engine's ring", async () => {
    const makers = Array.from(
      { length: 12_000 },
      (_, index) => `N,1,0,1,${index},${index},${100 + (index % 3_000)}`,
    );
    const reports = await reportsOf([...makers, "N,0,1,12001,12000,12000,9999"]);
    const trades = reports.filter((report) => report.startsWith("1,12000,"));
    assert.equal(trades.length, 12_000);
    assert.equal(trades[0], "1,12000,100,1,0,12000");
    assert.equal(reports.at(-1), "2,12000,0,12000,9999");
  });

  for (let seed = 1; seed <= 40; seed++) {
    it(`are those of a search through one list of orders: wild messages, seed ${seed}`, async () => {
      const lines = wildMessages(seed, 600);
      assert.deepEqual(await reportsOf(lines), naiveReports(lines));
    });
  }

  for (const scenario of Object.keys(SCENARIOS) as Scenario[]) {
    it(`are those of a search through one list of orders: ${scenario}`, async () => {
      const text = [...consensusWorkload({ scenario, seed: 7, orders: 1_500 })].join("");
      const lines = text.trimEnd().split("\n").slice(1);
      assert.deepEqual(await reportsOf(lines), naiveReports(lines));
    });
  }

  it("are none without messages", async () => {
    assert.deepEqual(await reportsOf([]), [""]);
  });

  it("end at an order whose id rests already: the format has no answer to it", async () => {
    await assert.rejects(
      reportsOf(["N,0,0,5,0,1,100", "N,0,0,5,1,1,100"]),
      /^RecordingError: line 3: order_id is "1"; allowed is the id of no order that rests$/,
    );
  });

  it("end at prices and quantities that can't be counted exactly", async () => {
    await assert.rejects(
      reportsOf(["N,0,0,4294967295,0,1,9007199254740991"]),
      /allowed is a product of at most 2\^53 - 1/,
    );
  });
});

describe("a consensus file", () => {
  it("has the same reports in every pass, and they can be written down", async (t) => {
    const file = join(folder(t), "hand.csv");
    const reportsFile = join(folder(t), "reports.txt");
    writeFileSync(file, `${CONSENSUS_HEADER}\nN,0,0,5,0,1,100\nN,1,0,5,1,2,100\n`);
    const result = await runConsensus({ file, warmPasses: 2, reportsFile });
    const reports = "0,0,0,1,100,5\n0,1,1,2,100,5\n1,1,100,5,1,2";
    assert.equal(readFileSync(reportsFile, "utf8"), reports);
    assert.equal(result.sha256, createHash("sha256").update(reports).digest("hex"));
    assert.deepEqual(Object.keys(result), [
      "messages",
      "sha256",
      "coldMessagesPerSecond",
      "warmMessagesPerSecond",
    ]);
    assert.equal(result.messages, 2);
  });

  it("is not run into a file that can't be written", async (t) => {
    const file = join(folder(t), "hand.csv");
    writeFileSync(file, `${CONSENSUS_HEADER}\nN,0,0,5,0,1,100\n`);
    const options = { file, warmPasses: 1, reportsFile: "/nowhere/reports.txt" };
    await assert.rejects(
      runConsensus(options),
      /^CliError: --reports is "\/nowhere\/reports.txt"; allowed is a file/,
    );
  });

  for (const name of ["normal_s23_n100000", "static_s23_n100000"]) {
    it(`has the published reports, byte for byte: ${name}`, { skip }, async (t) => {
      const reportsFile = join(folder(t), "reports.txt");
      await runConsensus({ file: join(DATA, `${name}.csv.xz`), warmPasses: 1, reportsFile });
      const published: Uint8Array[] = [];
      for await (const chunk of openFile(join(DATA, `${name}.reports.txt.xz`)))
        published.push(chunk as Uint8Array);
      assert.ok(readFileSync(reportsFile).equals(Buffer.concat(published)));
    });
  }
});
