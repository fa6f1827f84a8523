import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { JOURNAL_HEADER, type WrittenRecord } from "@bourse/trade-stream";
import { CliError } from "../cli-error.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { JournalFile } from "./journal-file.ts";

const noFullDisk = existsSync("/dev/full") ? false : "there is no /dev/full here";
const noPipes = process.platform === "win32" ? "there are no named pipes here" : false;

const record: WrittenRecord = {
  partition: 3,
  sequence: 7,
  kind: "good",
  trade: {
    eventType: "TradeReported",
    tradeId: "t-1",
    clientId: "c-1",
    symbol: "BTC-USD",
    side: "BUY",
    quantity: "1",
    price: "2",
    fee: "0",
    timestamp: "2026-11-20T09:30:00.000Z",
  },
};
const LINE = "3,7,good,t-1,c-1,BTC-USD,BUY,1,2,0,2026-11-20T09:30:00.000Z";

function folderOf(t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "bourse-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function refusal(exitCode: ExitCode, message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof CliError);
    assert.match(error.message, message);
    assert.equal(error.exitCode, exitCode);
    return true;
  };
}

test("a journal has its header, and a line for each record", async (t) => {
  const path = join(folderOf(t), "sent.csv");
  const journal = await JournalFile.open(path);
  journal.add(record);
  await journal.flush();
  journal.add(record);
  await journal.close();
  assert.equal(readFileSync(path, "utf8"), `${[JOURNAL_HEADER, LINE, LINE].join("\n")}\n`);
});

test("a disk that is full is known before anything is sent", { skip: noFullDisk }, async () => {
  const why = /^journal: \/dev\/full can't be written \(ENOSPC: no space left on device/;
  await assert.rejects(JournalFile.open("/dev/full"), refusal(EXIT.usage, why));
});

test("a file that can't be written any more is named, and gets nothing more", {
  skip: noPipes,
}, async (t) => {
  const path = join(folderOf(t), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const journal = await JournalFile.open(path);
  closeSync(reader);
  journal.add(record);
  const why = /^journal: .*pipe can't be written on \(EPIPE: broken pipe/;
  await assert.rejects(journal.flush(), refusal(EXIT.failed, why));
  journal.add(record);
  await journal.close();
});
