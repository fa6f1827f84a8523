import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { OutgoingBatch } from "@bourse/bus";
import type { Browser, Page } from "playwright-core";
import { closePage, launchBrowser, openPage, untilTrue } from "./testing/open-browser.ts";
import { type PrivateVenue, privateVenue } from "./testing/private-venue.ts";
import { chromiumSkip } from "./testing/provision-chromium.ts";

const skip = await chromiumSkip({ environment: process.env, progress: (line) => console.error(line) });

const COUNT = 10_000;
const START_MS = Date.parse("2026-11-20T10:00:00Z");
const LONG_KEY = "a-key-that-goes-on-".repeat(15);

/** Ten thousand messages of a generator, a large one and one with a long key, and two records that nobody can read. */
const SEED: readonly OutgoingBatch[] = [
  {
    topic: "sim.trade-events",
    partition: 3,
    records: Array.from({ length: COUNT }, (_, n) => ({
      key: n % 2 === 0 ? "client-a" : "client-b",
      value: JSON.stringify({ eventType: n % 100 === 0 ? "Bust" : "TradeReported", n }),
      headers: { id: `sim.trade-events/3/1/${n + 1}` },
      timestampMs: START_MS + n * 1_000,
    })),
  },
  {
    topic: "sim.trade-events",
    partition: 5,
    records: [
      {
        key: "large",
        value: JSON.stringify({ eventType: "TradeReported", note: `${"x".repeat(500_000)} to the end` }),
        headers: {},
        timestampMs: START_MS,
      },
    ],
  },
  {
    topic: "sim.trade-events",
    partition: 6,
    records: [{ key: LONG_KEY, value: "no JSON", headers: {}, timestampMs: START_MS }],
  },
  {
    topic: "trade-events",
    partition: 1,
    records: ["{broken", '{"eventType":"Nonsense"}'].map((value, n) => ({
      key: `poison-${n}`,
      value,
      headers: { planted: "by a test" },
      timestampMs: START_MS,
    })),
  },
];

describe("the console in a browser", { skip: skip ?? false, timeout: 480_000 }, () => {
  let venue: PrivateVenue;
  let browser: Browser;

  before(async () => {
    [venue, browser] = await Promise.all([privateVenue(SEED), launchBrowser()]);
  });

  after(async () => {
    await browser?.close();
    await venue?.end();
  });

  /** Signed in. The page ends with the test, which fails for whatever went wrong in it. */
  async function at(t: TestContext, address: string): Promise<Page> {
    const { page, faults } = await openPage(browser);
    t.after(async () => {
      await page.close();
      assert.deepEqual(faults, []);
    });
    const { operatorKey } = venue.platform;
    await page.addInitScript((key) => sessionStorage.setItem("bourse.console.key", key), operatorKey);
    await page.goto(`${venue.console.url}${address}`);
    return page;
  }

  it("lets an operator in by key, refuses another, lists the topics, and lets him out", async (t) => {
    const { page, faults } = await openPage(browser);
    t.after(() => closePage(page));
    await page.goto(`${venue.console.url}/topics`);
    await page.getByLabel("Operator’s key").fill("bk_wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").getByText("unauthenticated").waitFor();
    await page.getByRole("alert").getByText("It was never issued, or it was revoked.").waitFor();
    await page.keyboard.type("bk_wrong_again");
    assert.equal(await page.getByLabel("Operator’s key").inputValue(), "bk_wrong_again");
    assert.equal(await page.getByLabel("Operator’s key").getAttribute("aria-invalid"), "true");
    // As a terminal that is too narrow shows it.
    await page.getByLabel("Operator’s key").fill("bk_abc…");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("client_misconfigured").waitFor();
    await page.getByLabel("Operator’s key").fill(venue.platform.operatorKey);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "trade-events", exact: true }).waitFor();
    const row = page.getByRole("row", { name: /^order-events / });
    assert.match(await row.innerText(), /exact\s+order\s+symbol/);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Operator’s key").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.deepEqual(faults, []);
  });

  it("shows ten thousand messages, of which only those in sight are rows", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&limit=5000");
    await page.getByText("5,000 messages").waitFor();
    const table = page.getByRole("region", { name: "Messages of sim.trade-events" });
    await table.getByText('"n":9999').waitFor();
    assert.ok((await table.getByRole("row").count()) < 100);
    await table.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await table.getByText('"n":5000').waitFor();
    await page.getByRole("link", { name: "Partitions and events" }).click();
    await page.getByRole("row", { name: /^3 0 10,000 10,000/ }).waitFor();
  });

  it("filters by key, type and time, and opens a message by the keyboard", async (t) => {
    const page = await at(t, "/topics/sim.trade-events");
    await page.getByLabel("Key", { exact: true }).fill("client-a");
    await page.getByLabel("Type", { exact: true }).fill("Bust");
    await page.getByLabel("From", { exact: true }).fill("2026-11-20T10:05:00Z");
    await page.getByLabel("To", { exact: true }).fill("2026-11-20T10:10:00Z");
    await page.keyboard.press("Enter");
    await page.getByText(/^4 messages of .* searched, \d{4}-\d\d-\d\d .* UTC/).waitFor();
    assert.match(page.url(), /key=client-a&type=Bust&from=2026-11-20T10%3A05%3A00Z/);
    const row = page.getByRole("row").nth(1);
    await row.focus();
    await page.keyboard.press("Enter");
    const detail = page.getByRole("complementary");
    await detail.getByText("sim.trade-events/3/1/601").waitFor();
    await detail.getByText('"n": 600').waitFor();
    await page.reload();
    await detail.getByText('"n": 600').waitFor();
  });

  it("keeps what is typed while a message is opened, and the keyboard's place while it goes live", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&from=9999d&limit=10");
    const asked: (string | null)[] = [];
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname.endsWith("/records")) asked.push(url.searchParams.get("fromTime"));
    });
    const key = page.getByLabel("Key", { exact: true });
    await key.fill("client-b");
    await page.getByRole("row").nth(3).click();
    await page.getByRole("complementary").waitFor();
    assert.equal(await key.inputValue(), "client-b");
    assert.deepEqual(asked.slice(1), [], "what is there already is not asked for again");
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("button", { name: "Refresh", disabled: false }).waitFor();
    assert.ok(asked.at(-1) !== asked[0], "so long ago is another time by then");
    await page.getByRole("button", { name: "Live" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Stop" }).waitFor();
    assert.match(page.url(), /key=client-b.*live=1/);
    await page.keyboard.press("Enter");
    await page.getByText('"n":9999').waitFor();
    await page.goBack();
    await page.goBack();
    assert.equal(await key.inputValue(), "");
  });

  it("says that an end does not go with Live, and goes live once it is taken away", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&to=15m");
    await page.getByRole("status").getByText("messages of").waitFor();
    await page.getByRole("button", { name: "Live" }).click();
    await page.getByRole("alert").getByText("no end while Live is on").waitFor();
    const to = page.getByLabel("To", { exact: true });
    assert.equal(await to.getAttribute("aria-invalid"), "true");
    await to.fill("");
    await page.keyboard.press("Enter");
    await page.getByText("Live: 0 messages").waitFor();
  });

  it("shows the beginning of a large message in its row, and the whole of it where it is opened", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=5");
    const row = page.getByRole("row", { name: / large TradeReported / });
    assert.ok(
      ((await row.textContent()) ?? "").length < 2_000,
      "a browser stands still over rows that are larger",
    );
    await row.click();
    await page
      .getByRole("complementary")
      .getByText(/ to the end"/)
      .waitFor();
  });

  it("leaves the other columns in sight beside a long key, and tells all of it", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=6");
    const value = page.getByRole("cell", { name: '"no JSON"' });
    const { x = Number.NaN, width = Number.NaN } = (await value.boundingBox()) ?? {};
    assert.ok(x + width <= 1_360, `the value ends at ${x + width}`);
    await page.getByTitle(LONG_KEY).click();
    await page.getByRole("complementary").getByText(LONG_KEY).waitFor();
  });

  it("does not take messages for those that are asked for while they are being read", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&key=client-a&limit=10");
    const told = page.getByRole("status");
    await told.getByText("10 messages").waitFor();
    const asked = Promise.withResolvers<() => Promise<void>>();
    await page.route("**/records?*", (route) => asked.resolve(() => route.continue()));
    await page.getByLabel("Per partition").fill("20");
    await page.keyboard.press("Enter");
    const goOn = await asked.promise;
    await told.getByText("Loading… The previous messages are still shown.").waitFor();
    await goOn();
    await told.getByText("20 messages").waitFor();
  });

  it("shows the messages that it has where they can't be read again, and of when they are", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&key=client-a&limit=10");
    await page.getByText('"n":9998').waitFor();
    await page.route("**/records?*", (route) => route.abort());
    await page.getByRole("button", { name: "Refresh" }).click();
    await page.getByRole("alert").getByText("Showing data from").waitFor();
    await page.getByText('"n":9998').waitFor();
  });

  it("says who does not answer in time, as it says who can't be reached", async (t) => {
    const page = await at(t, "/topics");
    await page.addInitScript(`{
      const inReality = AbortSignal.timeout.bind(AbortSignal);
      AbortSignal.timeout = (ms) => inReality(ms / 10);
    }`);
    await page.reload();
    await page.getByRole("row", { name: /^order-events / }).waitFor();
    await page.route("**/api/**", () => {});
    await page.getByRole("alert").getByText("signal timed out").waitFor();
  });

  it("leads the keyboard to what is opened, and back to its row, also on a telephone", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&limit=1000");
    await page.setViewportSize({ width: 390, height: 700 });
    for (const _ of ["falling", "rising"]) await page.getByRole("button", { name: "Offset" }).click();
    const row = page.getByRole("row", { name: / 9001 client-b / });
    assert.equal(await row.getAttribute("aria-rowindex"), "3", "as it is sorted");
    await row.focus();
    await page.keyboard.press("Enter");
    const detail = page.getByRole("complementary", { name: "Message 3/9001" });
    await detail.waitFor();
    assert.deepEqual(await page.locator("tr[aria-current=true]").getAttribute("data-id"), "3/9001");
    const { y = Number.NaN } = (await detail.boundingBox()) ?? {};
    assert.ok(y < 700, `${y} is within the window`);
    for (const _ of ["Copy", "Close"]) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await detail.waitFor({ state: "detached" });
    assert.match(await page.evaluate("document.activeElement.innerText"), /9001\s+client-b/);
    assert.equal(await page.locator("tr[aria-current]").count(), 0);
    for (let row = 0; row < 100; row++) await page.keyboard.press("ArrowDown");
    assert.match(await page.evaluate("document.activeElement.innerText"), /9101\s+client-b/);
    await page.keyboard.press("ArrowUp");
    assert.match(await page.evaluate("document.activeElement.innerText"), /9100\s+client-a/);
  });

  it("keeps how a table is sorted over a reload and each refresh, and says what it can't be sorted by", async (t) => {
    const page = await at(t, "/topics?sort=-records");
    const first = page.getByRole("row").nth(1);
    await page.getByRole("row", { name: /^sim\.trade-events / }).waitFor();
    assert.match(await first.innerText(), /^sim\.trade-events\s/);
    const widths = (): Promise<unknown> =>
      page.evaluate(
        "Array.from(document.querySelectorAll('th'), (head) => head.getBoundingClientRect().width)",
      );
    const before = await widths();
    await page.getByRole("button", { name: "Topic", exact: true }).click();
    const head = page.getByRole("columnheader", { name: "Topic" });
    await page.waitForURL(/\?sort=name$/);
    assert.deepEqual(await widths(), before, "no column is wider for being the one that sorts");
    assert.equal(await head.getAttribute("aria-sort"), "ascending");
    assert.match(page.url(), /\?sort=name$/);
    for (const again of [() => page.reload(), () => page.waitForResponse("**/platform/topics")]) {
      await again();
      await page.getByRole("row", { name: /^book-events / }).waitFor();
      assert.equal(await head.getAttribute("aria-sort"), "ascending");
      assert.match(await first.innerText(), /^audit-events\.auth\s/);
    }
    await page.goto(`${venue.console.url}/topics/sim.trade-events/partitions?sort=size&eventsSort=-writer`);
    await page
      .getByRole("alert")
      .getByText("partition, earliest, latest, records; with - before it")
      .waitFor();
    const writer = page.getByRole("columnheader", { name: "Writer" });
    assert.equal(await writer.getAttribute("aria-sort"), "descending");
  });

  it("is where one had scrolled to after a reload, and on the way back", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=3&limit=1000");
    const table = page.getByRole("region", { name: "Messages of sim.trade-events" });
    await table.getByText('"n":9999').waitFor();
    const kept = (name: string, top: number): Promise<unknown> =>
      untilTrue(page, `history.state?.tops[${JSON.stringify(name)}] === ${top}`);
    await table.evaluate((element) => element.scrollTo(0, 13_500));
    await kept("Messages of sim.trade-events", 13_500);
    await page.reload();
    await table.getByText('"n":9500').waitFor();
    assert.equal(await table.evaluate((element) => element.scrollTop), 13_500);
    await page.setViewportSize({ width: 1360, height: 400 });
    await page.goto(`${venue.console.url}/topics`);
    const link = page.getByRole("link", { name: "sim.trade-events", exact: true });
    await link.waitFor();
    await page.evaluate("scrollTo(0, 200)");
    await kept("window", 200);
    await link.click();
    await page.getByRole("heading", { name: "sim.trade-events" }).waitFor();
    await untilTrue(page, "scrollY === 0");
    await page.goBack();
    await untilTrue(page, "scrollY === 200");
    await page.reload();
    await untilTrue(page, "scrollY === 200");
  });

  it("keeps the row that is being read in its place while others come live", async (t) => {
    const page = await at(t, "/topics");
    // A look reads a thousand: also what is behind the end that is told.
    let latest = 7_000;
    await page.route("**/platform/topics", async (route) => {
      const { topics } = await (await route.fetch()).json();
      const { partitions } = topics.find(({ name }: { name: string }) => name === "sim.trade-events");
      partitions[3].latest = `${latest}`;
      await route.fulfill({ json: { topics } });
    });
    await page.goto(`${venue.console.url}/topics/sim.trade-events?partition=3&live=1`);
    await page.getByText("Live: 0 messages").waitFor();
    await page.waitForResponse("**/platform/topics");
    latest += 1_000;
    await page.getByText("Live: 1,000 messages").waitFor();
    const table = page.getByRole("region", { name: "Messages of sim.trade-events" });
    await table.evaluate((element) => element.scrollTo(0, 2_700));
    await table.getByText('"n":7899}').waitFor();
    const place = (): Promise<number | undefined> =>
      table
        .getByText('"n":7899}')
        .boundingBox()
        .then((box) => box?.y);
    const before = await place();
    latest += 1_000;
    await page.getByText("Live: 2,000 messages").waitFor();
    assert.equal(await place(), before);
    await table.evaluate((element) => element.scrollTo(0, 0));
    await table.getByText('"n":8999}').waitFor();
  });

  it("names each page, and goes on with the keyboard in the one that a link leads to", async (t) => {
    const page = await at(t, "/topics");
    await page.getByRole("link", { name: "trade-events", exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "trade-events" }).waitFor();
    assert.equal(await page.title(), "trade-events – Topics – Bourse console");
    await page.keyboard.press("Tab");
    assert.equal(
      await page.evaluate("document.activeElement.closest('main').innerText.split('\\n')[0]"),
      "Topics",
    );
    await page.goBack();
    await page.getByRole("heading", { name: "Topics" }).waitFor();
    assert.equal(await page.title(), "Topics – Bourse console");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Operator’s key").waitFor();
    assert.equal(await page.title(), "Bourse console");
  });

  it("tells what of the address bar it can't use", async (t) => {
    const page = await at(t, "/topics/sim.trade-events?partition=77&from=yesterday");
    const alert = page.getByRole("alert");
    await alert.getByText("a whole number from 0 to 11").waitFor();
    await alert.getByText("how long ago: 15m, 2h, 7d").waitFor();
    const from = page.getByLabel("From", { exact: true });
    assert.deepEqual(
      [await from.inputValue(), await from.getAttribute("aria-invalid")],
      ["yesterday", "true"],
    );
    assert.equal(await page.getByLabel("Key", { exact: true }).getAttribute("aria-invalid"), null);
    for (const [address, says] of [
      ["/topics/nonsense", "There is no topic nonsense"],
      ["/nowhere/at/all", "There is no page /nowhere/at/all"],
      ["/topics/%E0%A4%A", "There is no topic %E0%A4%A"],
      ["/groups/nobody", "There is no group nobody"],
      ["/dead-letters?service=nobody", "No service nobody parks records"],
    ] as const) {
      await page.goto(`${venue.console.url}${address}`);
      await page.getByRole("alert").getByText(says).waitFor();
    }
  });

  it("shows groups with their lag, and what comes while one looks", async (t) => {
    const page = await at(t, "/groups");
    await page.getByRole("link", { name: "portfolio.positions" }).click();
    await page.getByRole("row", { name: /^trade-events 1 \w+ \d+ marks/ }).waitFor();
    await page.goto(`${venue.console.url}/topics/wallet-events?live=1`);
    await page.getByText("Live: 0 messages").waitFor();
    // The first look has found where the topic ends.
    await page.waitForResponse((response) => response.url().endsWith("/platform/topics"));
    await fundSomebody(venue);
    await page.getByRole("row", { name: /FundsDeposited/ }).waitFor();
  });

  it("shows a group of which not all could be asked, and why, and no sum of the rest", async (t) => {
    const page = await at(t, "/groups");
    const reason = "no answer within 2000 ms";
    await page.route("**/api/v1/platform/lag", async (route) => {
      const { rows, ...rest } = await (await route.fetch()).json();
      const others = rows.filter(({ group }: { group: string }) => group !== "order.executions");
      others.find(({ group }: { group: string }) => group === "matching.engine").state = "stopped";
      const about = { kind: "effect", reason };
      const unknown = [
        { ...about, group: "order.executions", service: "order" },
        { ...about, group: "wallet.settlement", service: "wallet" },
      ];
      await route.fulfill({ json: { ...rest, rows: others, unknown } });
    });
    const told = page.getByRole("status");
    await told.getByText(`wallet.settlement: not all of its lag is known (${reason}).`).waitFor();
    await page.getByRole("row", { name: /^wallet\.settlement .* – effect/ }).waitFor();
    const mixed = page.getByText("stopped, running");
    assert.equal(await mixed.getAttribute("class"), "bad", "what has stopped in part looks so");
    await page.getByRole("link", { name: "order.executions" }).click();
    await page.getByText("No partitions are known.").waitFor();
    assert.equal(await page.getByRole("alert").count(), 0);
    await page.getByRole("link", { name: "Dead letters" }).click();
    await page.getByText("parked. Choose a reason").waitFor();
  });

  it("says that nothing answers, of when its figures are, and goes on by itself", async (t) => {
    const page = await at(t, "/topics");
    const row = page.getByRole("row", { name: /^order-events / });
    await row.waitFor();
    const before = await row.boundingBox();
    await page.route("**/api/**", (route) => route.abort());
    const alert = page.getByRole("alert");
    await alert.getByText("The console’s server does not answer").waitFor();
    assert.deepEqual(await row.boundingBox(), before, "nothing is pushed away from who reads it");
    await alert.getByText(/^Showing data from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC\.$/).waitFor();
    assert.equal(await row.count(), 1);
    await page.getByRole("link", { name: "Groups" }).click();
    await alert.getByText("The console’s server does not answer").waitFor();
    // Asked again, it is told still: a page that blinks can't be read.
    const told = await alert.elementHandle();
    await page.waitForEvent("requestfailed");
    await page.waitForEvent("requestfailed");
    assert.ok(await told?.isVisible());
    await page.unroute("**/api/**");
    await page.getByRole("row", { name: /^wallet\.settlement / }).waitFor();
    assert.equal(await alert.count(), 0);
  });

  it("asks on where the machine is in no network: the platform may be on it", async (t) => {
    const page = await at(t, "/topics");
    await page.getByRole("row", { name: /^order-events / }).waitFor();
    await page.evaluate("dispatchEvent(new Event('offline'))");
    await page.getByRole("link", { name: "Groups" }).click();
    await page.getByRole("row", { name: /^wallet\.settlement / }).waitFor();
  });

  it("shows what is parked by those that answer, names the others, and asks them still", async (t) => {
    const page = await at(t, "/dead-letters?service=order");
    await page.route("**/api/v1/dead-letters/order/reasons?*", (route) => route.abort());
    await page.getByText("No answer from order: what they have parked is not known.").waitFor();
    await page.getByRole("row", { name: / portfolio / }).waitFor();
    await page.route("**/api/v1/platform/lag", async (route) => {
      const answer = await route.fetch();
      const { rows, ...rest } = await answer.json();
      const others = rows.filter(({ service }: { service: string }) => service !== "order");
      await route.fulfill({ json: { ...rest, rows: others, silent: ["order"] } });
    });
    await page.reload();
    await page.getByText("No answer from order: what they have parked is not known.").waitFor();
    await page.getByText("No records are parked for this reason.").waitFor();
    assert.equal(await page.getByText("No service order parks records").count(), 0);
  });

  it("shows dead letters, redrives them, and drops them after a dry run", async (t) => {
    const page = await at(t, "/dead-letters");
    const reasons = page.getByRole("table", { name: "Reasons" });
    await reasons.getByRole("row").filter({ hasText: "portfolio" }).getByRole("link").first().click();
    assert.equal(await reasons.locator("a[aria-current=true]").count(), 1);
    await page.getByRole("row", { name: /poison-0/ }).click();
    const detail = page.getByRole("complementary");
    await detail.getByText("{broken").waitFor();
    await detail.getByText("by a test").waitFor();
    await page.getByRole("button", { name: "Redrive…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText(/Dry run: \d+ records? would be tried again/).waitFor();
    const underWay = Promise.withResolvers<() => Promise<void>>();
    await page.route("**/dead-letters/portfolio/redrive", (route) =>
      underWay.resolve(() => route.continue()),
    );
    await dialog.getByRole("button", { name: "Redrive" }).click();
    const goOn = await underWay.promise;
    for (const _ of ["asks whether to close", "closes without asking"]) await page.keyboard.press("Escape");
    await goOn();
    await dialog.getByText(/0 applied, \d+ failed again/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Drop…" }).click();
    await dialog.getByText(/Dry run: \d+ records? would be dropped/).waitFor();
    await dialog.getByLabel("Reason, for the audit log").fill("planted by a test");
    await dialog.getByRole("button", { name: "Drop" }).click();
    await dialog.getByText(/[1-9] dropped/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByText("No records are parked for this reason.").waitFor();
    const colours = ["Redrive…", "Drop…"].map((name) =>
      page
        .getByRole("button", { name, disabled: true })
        .evaluate("(button) => getComputedStyle(button).color"),
    );
    assert.equal(await colours[0], await colours[1], "what can't be done looks so");
  });

  it("is served with a strict policy, and keeps what has no address apart from its pages", async () => {
    const { url } = venue.console;
    const page = await fetch(`${url}/topics`);
    assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none';script-src 'self'/);
    assert.doesNotMatch(page.headers.get("content-security-policy") ?? "", /unsafe|data:|https?:/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
    assert.equal(page.headers.get("x-frame-options"), "SAMEORIGIN");
    assert.doesNotMatch(await page.text(), /<script(?! type="module" crossorigin src=)|<style|\son\w+=/);
    assert.equal((await fetch(`${url}/assets/nothing.js`)).status, 404);
    assert.equal((await fetch(`${url}/topics`, { method: "DELETE" })).status, 404);
    assert.equal((await fetch(`${url}/api/v1/platform/topics`)).status, 401);
  });
});

async function fundSomebody({ platform }: PrivateVenue): Promise<void> {
  const send = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`${platform.gatewayUrl}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${platform.operatorKey}`,
        "content-type": "application/json",
        "idempotency-key": "console-test",
      },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, await answer.text());
  };
  await send("/api/v1/assets", { asset: "USD", name: "US dollar", kind: "FIAT", scale: 2 });
  await send("/api/v1/accounts", { accountId: "somebody" });
  await send("/api/v1/accounts/somebody/deposits", { asset: "USD", amount: "5" });
}
