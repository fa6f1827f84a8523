import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, openPage, untilTrue } from "./testing/open-browser.ts";
import { chromiumSkip } from "./testing/provision-chromium.ts";

const skip = await chromiumSkip({ environment: process.env, progress: (line) => console.error(line) });

const ORIGIN = "http://gateway.test";
const PAGES = new URL("../../../services/gateway/src/pages/", import.meta.url);
const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  "/": ["landing.html", "text/html"],
  "/landing.js": ["landing.js", "text/javascript"],
  "/landing.css": ["landing.css", "text/css"],
};

/** A gateway that answers as the test wants it to. Holds what it was asked. */
class Venue {
  readonly asked: string[] = [];
  /** The symbols that are listed. */
  symbols = ["AAPL", "BTC-USD"];
  trades: readonly object[] = [];
  volume = "1";
  changes: Readonly<Record<string, string>> = {};
  away = false;
  #held: { readonly path: RegExp; readonly asked: () => void; readonly until: Promise<void> } | undefined;

  async answer(path: string): Promise<unknown> {
    this.asked.push(path);
    if (this.#held?.path.test(path)) {
      this.#held.asked();
      await this.#held.until;
    }
    if (path === "/api/v1/markets") return { markets: this.symbols.map((symbol) => this.#market(symbol)) };
    if (path === "/api/v1/instruments")
      return { instruments: this.symbols.map((symbol) => ({ symbol, tickSize: "0.01", lotSize: "1" })) };
    const [, symbol, what] = /markets\/([^/]+)\/(book|trades)/.exec(path) ?? [];
    if (symbol === undefined || !this.symbols.includes(symbol)) return null;
    const price = symbol === "AAPL" ? "210" : "64000";
    return what === "book" ? { bids: [[price, "1", 1]], asks: [] } : { trades: this.trades };
  }

  /** From now on the answer to such a path waits. Resolves when one has been asked for; `answer` lets them go. */
  async hold(path: RegExp): Promise<{ readonly answer: () => void }> {
    const asked = Promise.withResolvers<void>();
    const until = Promise.withResolvers<void>();
    this.#held = { path, asked: asked.resolve, until: until.promise };
    await asked.promise;
    return { answer: until.resolve };
  }

  #market(symbol: string): object {
    return {
      symbol,
      lastPrice: `${this.asked.length}`,
      volume24h: this.volume,
      trades24h: 1,
      changePercent24h: this.changes[symbol],
    };
  }
}

describe("the landing page in a browser", { skip: skip ?? false, timeout: 300_000 }, () => {
  let browser: Browser;

  before(async () => {
    browser = await launchBrowser();
  });

  after(() => browser?.close());

  async function at(t: TestContext, venue: Venue, hash = ""): Promise<Page> {
    const { page, faults } = await openPage(browser, { timezoneId: "America/New_York", locale: "en-US" });
    t.after(async () => {
      await page.close();
      assert.deepEqual(faults, []);
    });
    await page.route(`${ORIGIN}/**`, async (route) => {
      const { pathname, search } = new URL(route.request().url());
      const [file, contentType] = FILES[pathname] ?? [];
      if (file !== undefined)
        return route.fulfill({
          body: readFileSync(new URL(file, PAGES)),
          contentType: contentType as string,
        });
      const body = await venue.answer(`${pathname}${search}`);
      const status = venue.away ? 503 : body === null ? 404 : 200;
      // The page has given the request up: nobody waits for its answer.
      return route.fulfill({ status, json: body ?? {} }).catch(() => {});
    });
    await page.clock.install();
    // Such a limit is not the installed clock's: it would pass where the test is held up, and the page ask again.
    await page.addInitScript(() => {
      AbortSignal.timeout = () => new AbortController().signal;
    });
    await page.goto(`${ORIGIN}/${hash}`);
    return page;
  }

  /** Until the page has shown what it asked for after now. */
  async function aRoundLater(page: Page): Promise<void> {
    const last = (): Promise<string> => page.locator("#markets tbody tr").first().innerText();
    const shown = await last();
    const row = "document.querySelector('#markets tbody tr').innerText";
    await untilTrue(page, `${row} !== ${JSON.stringify(shown)}`);
  }

  it("keeps the keyboard's place while figures change", async (t) => {
    const page = await at(t, new Venue());
    await page.getByRole("button", { name: "BTC-USD" }).focus();
    await aRoundLater(page);
    await aRoundLater(page);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Book of BTC-USD" }).waitFor();
    await untilTrue(page, "document.activeElement.ariaCurrent === 'true'");
    assert.deepEqual(await page.locator("#markets [aria-current=true]").allInnerTexts(), ["BTC-USD"]);
  });

  it("takes a click that figures change under", async (t) => {
    const page = await at(t, new Venue());
    await page.getByRole("button", { name: "BTC-USD" }).hover();
    await page.mouse.down();
    await aRoundLater(page);
    await page.mouse.up();
    await page.getByRole("heading", { name: "Book of BTC-USD" }).waitFor();
  });

  for (const hash of ["#GONE", "#%zz"])
    it(`shows a market where the address names none that there is: ${hash}`, async (t) => {
      const page = await at(t, new Venue(), hash);
      await page.getByText("live", { exact: true }).waitFor();
      await page.getByRole("heading", { name: "Book of AAPL" }).waitFor();
    });

  it("says that there are no markets once it knows", async (t) => {
    const venue = new Venue();
    venue.symbols = [];
    venue.away = true;
    const page = await at(t, venue);
    await page.getByText("the platform does not answer; asking again").waitFor();
    assert.match(await page.locator("#markets tbody").innerText(), /Loading…/);
    venue.away = false;
    await page.getByText("live, without markets yet").waitFor();
    assert.match(await page.locator("#markets tbody").innerText(), /No markets yet\./);
  });

  it("goes to the market of the address once it is listed", async (t) => {
    const venue = new Venue();
    venue.symbols = ["AAPL"];
    const page = await at(t, venue, "#BTC-USD");
    await page.getByRole("heading", { name: "Book of AAPL" }).waitFor();
    venue.symbols = ["AAPL", "BTC-USD"];
    await page.getByRole("heading", { name: "Book of BTC-USD" }).waitFor();
  });

  it("goes to the market of a link that is followed on it", async (t) => {
    const page = await at(t, new Venue());
    await page.getByRole("heading", { name: "Book of AAPL" }).waitFor();
    await page.goto(`${ORIGIN}/#BTC-USD`);
    await page.getByRole("heading", { name: "Book of BTC-USD" }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Book of AAPL" }).waitFor();
  });

  it("shows when a trade was, in UTC wherever the visitor is", async (t) => {
    const venue = new Venue();
    venue.trades = [
      { time: "2026-11-20T01:30:05.123Z", price: "209.5", quantity: "1", aggressorSide: "BUY" },
    ];
    const page = await at(t, venue);
    await page.getByRole("columnheader", { name: "Time (UTC)" }).waitFor();
    await page.getByRole("row", { name: "2026-11-20 01:30:05 Buy 209.50 1" }).waitFor();
  });

  it("gives a column's figures as many decimals, and says a side and a direction in more than colour", async (t) => {
    const venue = new Venue();
    venue.symbols = ["AAPL", "BTC-USD", "ETH-USD", "SOL-USD"];
    venue.changes = { AAPL: "0.1", "BTC-USD": "-0.13", "ETH-USD": "0" };
    venue.trades = ["BUY", "SELL"].map((aggressorSide) => ({
      time: "2026-11-20T01:30:05.123Z",
      price: "209.5",
      quantity: "1",
      aggressorSide,
    }));
    const page = await at(t, venue);
    await page.getByRole("row", { name: "01:30:05 Sell 209.50 1" }).waitFor();
    await page.getByRole("row", { name: "01:30:05 Buy 209.50 1" }).waitFor();
    await page.getByRole("row", { name: "Bid 210.00 1 1" }).waitFor();
    assert.deepEqual(await page.locator("#markets tbody td:nth-child(5)").allInnerTexts(), [
      "+0.10 %",
      "−0.13 %",
      "0.00 %",
      "–",
    ]);
  });

  it("is whole in every window, however large its figures are: what is too wide is scrolled to", async (t) => {
    const venue = new Venue();
    venue.volume = "123456789012345678901234567890.12345678";
    venue.symbols = ["A-SYMBOL-OF-THE-LONGEST-KIND-USD", "BTC-USD"];
    const page = await at(t, venue);
    await page.getByRole("cell", { name: venue.volume }).first().waitFor();
    for (const width of [1_440, 1_024, 390]) {
      await page.setViewportSize({ width, height: 800 });
      const beyond = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
      assert.ok(beyond <= 0, `${beyond} pixels are beside a window of ${width}`);
    }
  });

  it("tells a screen reader once that it is live, not each second", async (t) => {
    const page = await at(t, new Venue());
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.evaluate(`window.told = 0;
      new MutationObserver((changes) => { window.told += changes.length; })
        .observe(document.querySelector("#state"), { childList: true, characterData: true, subtree: true })`);
    await aRoundLater(page);
    await aRoundLater(page);
    assert.equal(await page.evaluate("window.told"), 0);
  });

  it("shows a late answer for no other market than its own", async (t) => {
    const venue = new Venue();
    const page = await at(t, venue);
    await page.getByText("210.00").waitFor();
    const late = await venue.hold(/AAPL\/book/);
    await page.getByRole("button", { name: "BTC-USD" }).click();
    await page.getByText("64000.00").waitFor();
    const asked = venue.asked.length;
    late.answer();
    await aRoundLater(page);
    assert.ok(venue.asked.length > asked);
    assert.equal(await page.getByText("210.00").count(), 0);
  });

  it("asks a slow platform no second time before it has answered", async (t) => {
    const venue = new Venue();
    const page = await at(t, venue);
    await page.getByText("live", { exact: true }).waitFor();
    const slow = await venue.hold(/markets$/);
    const asked = venue.asked.length;
    await page.clock.runFor(3_500);
    await page.evaluate(() => fetch("/api/v1/markets/AAPL/book"));
    assert.equal(venue.asked.length, asked + 1);
    slow.answer();
    await aRoundLater(page);
  });

  it("asks for the instruments once, however many are new, and says when nothing answers", async (t) => {
    const venue = new Venue();
    venue.symbols = Array.from({ length: 50 }, (_, n) => `S${n}`);
    const page = await at(t, venue);
    await page.getByText("live", { exact: true }).waitFor();
    assert.equal(venue.asked.filter((path) => path === "/api/v1/instruments").length, 1);
    venue.away = true;
    await page.getByText("the platform does not answer; asking again").waitFor();
    venue.away = false;
    await page.getByText("live", { exact: true }).waitFor();
  });
});
