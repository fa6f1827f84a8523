import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { EXIT } from "./exit-codes.ts";
import { type PrivatePlatform, startPrivatePlatform } from "./replay/private-platform.ts";

const LISTING =
  "instruments add ACME --base-asset ACME --quote-asset USD --tick-size 0.01 --lot-size 1 --max-quantity 1000 " +
  "--max-price 1000 --reference-price 100 --taker-fee-ppm 1000 --collar-ppm 500000";
const MAIN = join(import.meta.dirname, "main.ts");

describe("the commands on a running platform", () => {
  let platform: PrivatePlatform;
  before(async () => {
    platform = await startPrivatePlatform({ bus: "embedded", progress: () => undefined });
    await json("assets add USD --name Dollar --kind fiat --scale 6");
    await json("assets add ACME --name Acme --kind equity --scale 0");
    await json(LISTING);
    // Every service has heard of it once nothing is on its way.
    assert.equal((await bourse("verify")).code, EXIT.ok);
  });
  after(() => platform?.remove());

  /** Runs a command as a person does; it finds the platform by its data folder. */
  function start(line: string, env: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [MAIN, ...line.split(" ").filter((word) => word !== "")], {
      env: {
        ...process.env,
        BOURSE_DATA: platform.dataFolder,
        BOURSE_URL: "",
        BOURSE_KEY: "",
        KAFKA_BOOTSTRAP_SERVERS: "",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.setEncoding("utf8");
    child.stderr.setEncoding("utf8");
    return child;
  }

  async function bourse(line: string, env: Readonly<Record<string, string>> = {}) {
    const child = start(line, env);
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: string) => (said.stdout += text));
    child.stderr.on("data", (text: string) => (said.stderr += text));
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, ...said };
  }

  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it reads
  async function json(line: string, env: Readonly<Record<string, string>> = {}): Promise<any> {
    const { code, stdout, stderr } = await bourse(`${line} --json`, env);
    assert.equal(code, EXIT.ok, stderr);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
  }

  let key: string;
  /** Another operator's. */
  let olga: string;

  it("assets and instruments are listed, shown and changed", async () => {
    assert.match((await bourse("assets list")).stdout, /│ ACME +│ Acme +│ EQUITY │ +0 │/);
    assert.deepEqual(await json("assets show USD"), { asset: "USD", name: "Dollar", kind: "FIAT", scale: 6 });
    assert.match((await bourse(LISTING)).stdout, /^ACME is listed so already\./);
    const { instruments } = await json("instruments list");
    assert.deepEqual(
      instruments.map(({ symbol, minQuantity }: Record<string, string>) => [symbol, minQuantity]),
      [["ACME", "1"]],
    );
    const changed = await json("instruments set ACME --maker-fee-ppm -50 --max-price 2000 --status halted");
    assert.deepEqual([changed.makerFeePpm, changed.maxPrice, changed.status], [-50, "2000", "HALTED"]);
    const back = await json("instruments set ACME --maker-fee-ppm 0 --status trading");
    assert.deepEqual(await json("instruments show ACME"), back);
    assert.equal((await bourse("verify")).code, EXIT.ok);
  });

  it("what can't be listed or changed is refused by its field", async () => {
    for (const [line, code, words] of [
      [LISTING.replace("0.01", "0.02"), EXIT.refused, /tickSize: 0.02 -> 0.01, as it is listed/],
      [LISTING.replace("0.01", "1e3"), EXIT.refused, /tickSize: given "1e3"|tickSize: 1e3 -> /],
      [LISTING.replace("--max-price 1000", ""), EXIT.usage, /--max-price: not given -> a decimal/],
      ["instruments set ACME", EXIT.usage, /name what is to change/],
      ["instruments set ACME --taker-fee-ppm 1.5", EXIT.usage, /whole number from -1000000 to 1000000/],
      ["instruments set ACME --max-price 1000.001", EXIT.refused, /maxPrice: 1000.001 -> /],
      ["instruments show ACME/../X", EXIT.refused, /symbol/],
      ["assets show ÄSSET", EXIT.refused, /asset/],
      ["market halt ÄCME?x", EXIT.refused, /symbol/],
      ["assets add GOLD --name Gold --kind metal --scale 3", EXIT.usage, /choices are fiat, crypto, equity/],
    ] as const) {
      const { code: ended, stderr } = await bourse(line);
      assert.match(stderr, words, line);
      assert.equal(ended, code, line);
    }
  });

  it("accounts create opens, funds and issues a key; again it changes nothing", async () => {
    const created = await json("accounts create alice --fund USD=10000 --with-key");
    assert.equal(created.balances[0].available, "10000");
    key = created.key;
    assert.match(key, /^bk_/);
    const again = await json("accounts create alice --fund USD=10000");
    assert.equal(again.balances[0].available, "10000");
    await json("accounts create bob --fund ACME=500");
  });

  it("accounts create opens nothing where a first deposit is none", async () => {
    for (const [given, code, words] of [
      ["USD=abc", EXIT.refused, /--fund: USD=abc -> a positive decimal with at most 6 decimals/],
      ["ACME=1 --fund USD=0.0000001", EXIT.refused, /--fund: USD=0.0000001 -> a positive decimal/],
      ["USD=0", EXIT.refused, /--fund: USD=0 -> a positive decimal/],
      ["USD=1 --fund GOLD=1", EXIT.refused, /--fund: GOLD=1 -> an asset that is listed: ACME, USD/],
      ["USD", EXIT.usage, /Allowed is an asset and an amount/],
      ["USD=1 --fund USD=1", EXIT.usage, /USD was given before/],
    ] as const) {
      const refused = await bourse(`accounts create dan --fund ${given}`);
      assert.equal(refused.code, code, `${given}: ${refused.stderr}`);
      assert.match(refused.stderr, words, given);
    }
    assert.equal((await bourse("accounts show dan")).code, EXIT.refused, "nobody opened it");
  });

  it("accounts fund adds, and with the same key once", async () => {
    assert.equal((await json("accounts fund bob USD 50.5")).available, "50.5");
    await json("accounts fund bob USD 1 --idempotency-key once");
    assert.equal((await json("accounts fund bob USD 1 --idempotency-key once")).available, "51.5");
  });

  it("accounts show tells one or all", async () => {
    const { accounts } = await json("accounts show");
    assert.deepEqual(
      accounts.map(({ accountId }: { accountId: string }) => accountId),
      ["alice", "bob"],
    );
    assert.match(
      (await bourse("accounts show bob")).stdout,
      /│ bob +│ bob +│ OPEN +│ ACME +│ +500 │ +0 │ +500 │/,
    );
  });

  it("accounts show says who is stopped, though the wallet has the account open", async () => {
    await json("accounts create carol");
    assert.deepEqual((await json("accounts show carol")).killSwitch, { accountId: "carol", engaged: false });
    await json("accounts block carol --reason runaway");
    for (const line of ["accounts show carol", "accounts show"]) {
      const { stdout } = await bourse(line);
      assert.match(stdout, /│ carol +│ carol +│ OPEN, stopped +│/);
      assert.match(
        stdout,
        /^carol is stopped since 2\S+Z, by operator: runaway\. `bourse accounts release carol`/m,
      );
    }
    const { killSwitch } = await json("accounts show carol");
    assert.deepEqual([killSwitch.engaged, killSwitch.reason], [true, "runaway"]);
    const { accounts } = await json("accounts show");
    assert.deepEqual(
      accounts.map(({ accountId, killSwitch: each }: Record<string, unknown>) => [
        accountId,
        (each as { engaged: boolean }).engaged,
      ]),
      [
        ["alice", false],
        ["bob", false],
        ["carol", true],
      ],
    );
  });

  it("accounts block --wallet blocks in the wallet alone, and unblock opens it again", async () => {
    assert.equal((await json("accounts block carol --wallet")).status, "BLOCKED");
    const { stdout } = await bourse("accounts show carol");
    assert.match(stdout, /│ BLOCKED, stopped +│/);
    assert.match(stdout, /^carol is blocked in the wallet\. `bourse accounts unblock carol` opens it again/m);
    const opened = await bourse("accounts unblock carol");
    assert.match(opened.stdout, /^carol is open in the wallet\.$/m);
    assert.match(
      opened.stdout,
      /^It is still stopped, by operator: runaway\. `bourse accounts release carol`/m,
    );
    assert.equal((await json("accounts show carol")).status, "OPEN");
    assert.equal((await bourse("accounts unblock crol")).code, EXIT.refused);
    const both = await bourse("accounts block carol --wallet --reason runaway");
    assert.match(both.stderr, /--reason: runaway -> not with --wallet/);
    assert.equal(both.code, EXIT.usage);
  });

  it("keys are issued, listed and revoked, each shown once", async () => {
    const again = "keys issue --operator --name Olga --idempotency-key olga-1";
    const issued = await json(again);
    assert.deepEqual([issued.role, issued.name, issued.createdBy], ["operator", "Olga", "operator"]);
    olga = issued.key;
    assert.equal((await json(again)).key, olga, "the same request again");
    const { stdout } = await bourse("keys issue alice --name bot", { BOURSE_KEY: olga });
    const [, bot = "", id = ""] =
      /^A key of alice, bot, shown this once: (bk_\w+)\n.*revoke (\S+)`/.exec(stdout) ?? [];
    assert.equal((await json("accounts show alice", { BOURSE_KEY: bot })).accountId, "alice");

    const { keys } = await json("keys list alice");
    assert.deepEqual(
      keys.map(({ name, createdBy }: Record<string, string>) => [name, createdBy]),
      [
        ["bot", issued.keyId],
        ["account", "operator"],
      ],
    );
    const listed = await bourse("keys list -n 1");
    assert.match(
      listed.stdout,
      new RegExp(`│ ${id} +│ account +│ alice +│ bot +│ ${issued.keyId} +│ 2\\S+Z +│ +│`),
    );
    assert.match(listed.stderr, /the latest 1; there may be more/);
    assert.doesNotMatch(JSON.stringify(keys) + listed.stdout, /bk_/);

    assert.match((await bourse(`keys revoke ${id}`)).stdout, /bot, of alice, is revoked since 2/);
    assert.ok((await json("keys list alice -n 1")).keys[0].revoked !== undefined);
    assert.equal((await bourse(`keys revoke ${id}`)).code, EXIT.ok, "it is so already");
  });

  it("keys that can't be issued or revoked are refused", async () => {
    for (const [line, code, words, env] of [
      ["keys issue", EXIT.usage, /name the account that the key is for, or say --operator/, {}],
      ["keys issue alice --operator", EXIT.usage, /or say --operator/, {}],
      ["keys issue alcie", EXIT.refused, /accountId: alcie -> the id of an account/, {}],
      ["keys list alcie", EXIT.refused, /accountId: alcie -> the id of an account/, {}],
      ["keys issue --operator", EXIT.refused, /403 forbidden/, { BOURSE_KEY: key }],
      ["keys revoke nothing", EXIT.refused, /keyId: nothing -> the keyId of a key that was issued/, {}],
      ["keys revoke", EXIT.usage, /missing required argument 'id'/, {}],
    ] as const) {
      const refused = await bourse(line, env);
      assert.equal(refused.code, code, `${line}: ${refused.stderr}`);
      assert.match(refused.stderr, words, line);
    }
  });

  it("a release is asked for by one operator, found by another, and approved", async () => {
    assert.match((await bourse("accounts releases")).stdout, /^None waits for approval\.$/m);
    const asked = await json("accounts release carol --note mended");
    const [waits] = (await json("accounts releases", { BOURSE_KEY: olga })).releaseRequests;
    assert.deepEqual(
      [waits.id, waits.accountId, waits.maker, waits.note],
      [asked.id, "carol", "operator", "mended"],
    );
    assert.match(
      (await bourse("accounts releases")).stdout,
      /│ carol +│ PENDING │ operator +│ 2\S+Z +│ +│ mended +│/,
    );
    assert.equal((await bourse(`accounts release --approve ${asked.id}`)).code, EXIT.refused, "by who asked");
    const approved = await bourse(`accounts release --approve ${asked.id}`, { BOURSE_KEY: olga });
    assert.equal(approved.code, EXIT.ok, approved.stderr);
    assert.deepEqual((await json("accounts releases")).releaseRequests, []);
    const [done] = (await json("accounts releases --all")).releaseRequests;
    assert.deepEqual([done.id, done.status], [asked.id, "APPROVED"]);
    assert.equal((await json("accounts show carol")).killSwitch.engaged, false);
  });

  it("order place shows what became of it", async () => {
    const placed = await json("order place sell 10 ACME --price 101 --account bob --client-order-id b-1");
    assert.deepEqual([placed.status, placed.leavesQuantity], ["OPEN", "10"]);
    const taken = await json("order place buy 4 ACME --client-order-id a-1", { BOURSE_KEY: key });
    assert.deepEqual([taken.status, taken.accountId, taken.filledNotional], ["FILLED", "alice", "404"]);
  });

  it("order amend and cancel name an order by its id, or by the person's own", async () => {
    const before = await json("order show --account bob --client-order-id b-1");
    assert.equal(before.status, "PARTIALLY_FILLED");
    await json(`order amend ${before.orderId} --quantity 8`);
    await json("verify");
    assert.equal((await json(`order show ${before.orderId}`)).leavesQuantity, "4");
    await json("order cancel --account bob --client-order-id b-1");
    await json("verify");
    const { orders } = await json("order show --account bob --open");
    assert.deepEqual(orders, []);
    assert.equal((await json(`order show ${before.orderId}`)).status, "CANCELLED");
  });

  it("book shows both sides, best in the middle", async () => {
    await json("order place buy 5 ACME --price 99 --account alice");
    await json("order place sell 6 ACME --price 102.5 --account bob");
    await json("verify");
    const { bids, asks } = await json("book ACME");
    assert.deepEqual([bids, asks], [[["99", "5", 1]], [["102.5", "6", 1]]]);
    const { stdout } = await bourse("book ACME");
    assert.ok(stdout.indexOf("102.5") < stdout.indexOf("99"));
  });

  for (const [name, line, words] of [
    [
      "an order off tick",
      "order place buy 1 ACME --price 99.999 --account alice",
      /price: 99.999 -> from 0.01/,
    ],
    [
      "a quantity that is none",
      "order place buy 1e3 ACME --price 99 --account alice",
      /quantity: "1e3" -> a decimal/,
    ],
    [
      "an order beyond the funds",
      "order place buy 999 ACME --price 99 --account alice",
      /insufficient_funds/,
    ],
    ["an unknown symbol", "book NOPE", /symbol: NOPE -> /],
    ["an unknown account", "accounts show dave", /unknown_account/],
    ["a wrong key", "accounts show --key bk_wrong", /unauthenticated/],
  ] as const) {
    it(`${name} is refused with the reason, exit code ${EXIT.refused}`, async () => {
      const { code, stdout, stderr } = await bourse(line);
      assert.match(stderr, words);
      assert.deepEqual([code, stdout], [EXIT.refused, ""]);
    });
  }

  it("status tells every service, ready or not", async () => {
    const { ready, services } = await json("status");
    assert.equal(ready, true);
    assert.ok(
      services.some(
        ({ service, lag }: { service: string; lag: number }) => service === "wallet" && lag === 0,
      ),
    );
    assert.match((await bourse("status")).stdout, /│ matching +│ ready/);
  });

  it("topics tells what there is, and tail the last of it", async () => {
    const { topics } = await json("topics");
    assert.ok(topics.some(({ name }: { name: string }) => name === "trade-events"));
    assert.match((await bourse("topics trade-events")).stdout, /TradeExecuted/);
    const { records } = await json("tail trade-events --key ACME");
    assert.deepEqual(
      records.map(({ value }: { value: { eventType: string } }) => value.eventType),
      ["TradeExecuted", "TradeSettled"],
    );
    const { code, stderr } = await bourse("tail no-events");
    assert.match(stderr, /topic: no-events -> .*trade-events/);
    assert.equal(code, EXIT.usage);
  });

  it("tail filters by type and time, count counts, seek finds", async () => {
    const settled = await json("tail trade-events --key ACME --type TradeSettled --from 1h");
    assert.equal(settled.records.length, 1);
    assert.deepEqual((await json("tail trade-events --key ACME --to 1h")).records, []);
    const counted = await json("count trade-events --by type");
    assert.deepEqual(counted.counts, [
      { name: "TradeExecuted", records: counted.total / 2 },
      { name: "TradeSettled", records: counted.total / 2 },
    ]);
    const [record] = settled.records;
    const { partition, offset, headers } = record;
    const id = `trade-events/${partition}/${headers.epoch}/${headers.sequence}`;
    const byNumber = await json(`seek trade-events --event ${id} --producer wallet`);
    assert.deepEqual(
      byNumber.positions.map((at: { offset: string }) => at.offset),
      [offset],
    );
    const byKey = await json("seek trade-events --key ACME");
    assert.equal(byKey.positions[0].partition, partition);
    const byTime = await json("seek trade-events --time 1h");
    assert.ok(byTime.positions.length > 1);
    assert.equal((await bourse("seek trade-events --event trade-events/0/9/9")).code, EXIT.failed);
    const wrong = await bourse("seek trade-events --time 1h --key ACME");
    assert.match(wrong.stderr, /2 given -> one of --time, --event, --key/);
    const subscription = await bourse("seek trade-events --time 1h --group wallet.settlement");
    assert.match(subscription.stderr, /goes on from the marks.*new subscription name/s);
    assert.equal(subscription.code, EXIT.refused);
    const bad = await bourse("tail trade-events --from yesterday");
    assert.match(bad.stderr, /Allowed is an offset, `earliest`, a time/);
    assert.equal(bad.code, EXIT.usage);
  });

  it("lag tells how far each group is by its marks, and what it has committed", async () => {
    // What the platform does by itself, such as telling its prices again, is on its way for a moment.
    let told = await json("lag");
    for (let asked = 1; told.lag !== 0 && asked < 20; asked++) told = await json("lag");
    const { rows, silent, lag } = told;
    assert.deepEqual([silent, lag], [[], 0]);
    const settlement = rows.filter(
      ({ group, end }: { group: string; end: string }) => group === "wallet.settlement" && end !== "0",
    );
    assert.ok(settlement.length > 0);
    for (const { source, position, end } of settlement) assert.deepEqual([source, position], ["marks", end]);
    const { stdout } = await bourse("lag --group matching.");
    assert.match(stdout, /order-events/);
    assert.doesNotMatch(stdout, /wallet\.settlement/);
    for (const mistyped of ["lag --group walet.", "lag --topic walet-events"]) {
      const { code, stderr } = await bourse(mistyped);
      assert.match(stderr, /no group fits/);
      assert.equal(code, EXIT.failed, "zero records behind would be read as all is well");
    }
  });

  it("replay of a file without commands lists nothing", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "bourse-empty-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "HOLLOW.csv");
    writeFileSync(file, "cmd,id,side,price,qty,row,fills,bid,bidSz,ask,askSz\n");
    const { code, stderr } = await bourse(`replay ${file}`);
    assert.match(stderr, /HOLLOW.csv: it has no commands/);
    assert.equal(code, EXIT.usage);
    const assets = await fetch(`${platform.gatewayUrl}/api/v1/assets`);
    assert.equal(assets.status, 200);
    assert.doesNotMatch(await assets.text(), /HOLLOW/);
  });

  it("tail --follow goes on with what comes", async () => {
    const child = start("tail wallet-events --follow -n 1 --key bob");
    const deposited = new Promise<string>((resolve) => {
      let said = "";
      child.stdout.on("data", (text: string) => {
        said += text;
        if (said.includes('"requestId":"followed"')) resolve(said);
      });
    });
    await json("accounts fund bob USD 3 --idempotency-key followed");
    assert.match(await deposited, /FundsDeposited/);
    child.kill();
  });

  it("verify tells each rule, how much was checked, and that all hold", async () => {
    const { code, stdout } = await bourse("verify");
    assert.equal(code, EXIT.ok);
    assert.match(stdout, /each journal balances/);
    assert.match(stdout, /All \d+ rules hold\./);
  });

  it("reset refuses while it runs, and up says that it does", async () => {
    assert.equal((await bourse("reset --yes")).code, EXIT.alreadyRunning);
    const { code, stderr } = await bourse("up --no-demo");
    assert.match(stderr, /`bourse down` stops it/);
    assert.equal(code, EXIT.alreadyRunning);
  });

  it("dlq asks every service with effects through the gateway, and tells what is not there", async () => {
    assert.deepEqual(await json("dlq list"), { reasons: [], records: [], silent: [] });
    const dry = await json("dlq redrive --all --dry-run");
    const names = dry.services.map(({ service }: { service: string }) => service);
    assert.deepEqual(names.sort(), ["drop-copy", "market-data", "order", "portfolio", "wallet"]);
    assert.equal((await bourse("dlq redrive --all")).code, EXIT.ok);
    const { code, stderr } = await bourse("dlq show wallet/settlement/trade-events/2/17");
    assert.equal(code, EXIT.refused);
    assert.match(stderr, /wallet has no parked record settlement\/trade-events\/2\/17/);
    for (const work of ["redrive", "drop --reason none"]) {
      const { code, stderr } = await bourse(`dlq ${work} wallet/settlement/trade-events/2/17`);
      assert.match(stderr, /wallet has no parked record settlement\/trade-events\/2\/17/);
      assert.equal(code, EXIT.refused);
    }
    const asAlice = await bourse("dlq list", { BOURSE_KEY: key });
    assert.equal(asAlice.code, EXIT.refused);
    const elsewhere = await bourse("dlq list --service risk");
    assert.match(elsewhere.stderr, /service: risk -> /);
    assert.equal(elsewhere.code, EXIT.usage);
  });
});
