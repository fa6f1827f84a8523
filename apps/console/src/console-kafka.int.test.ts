import assert from "node:assert/strict";
import { after, before, describe, it, type TestContext } from "node:test";
import type { OutgoingBatch } from "@bourse/bus";
import { kafkaBus } from "@bourse/bus/kafka";
import { kafkaSkip, privateKafka, type TestKafka } from "@bourse/bus/testing";
import type { Browser, Page } from "playwright-core";
import { launchBrowser, openPage } from "./testing/open-browser.ts";
import { type PrivateVenue, privateVenue } from "./testing/private-venue.ts";
import { chromiumSkip } from "./testing/provision-chromium.ts";

const skip =
  (await kafkaSkip(process.env, "own")) ??
  (await chromiumSkip({ environment: process.env, progress: (line) => console.error(line) })) ??
  false;

const START_MS = Date.parse("2026-11-20T10:00:00Z");

const SEED: readonly OutgoingBatch[] = [
  {
    topic: "sim.trade-events",
    partition: 3,
    records: Array.from({ length: 500 }, (_, n) => ({
      key: n % 2 === 0 ? "client-a" : "client-b",
      value: JSON.stringify({ eventType: "TradeReported", n }),
      headers: { id: `sim.trade-events/3/1/${n + 1}` },
      timestampMs: START_MS + n * 1_000,
    })),
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

/** The widths at which pages must be whole: a laptop's and a telephone's. */
const WIDTHS = [1_280, 390] as const;

/** The same pages as on the embedded log, of a real broker: its topics, its groups, what its consumers have parked. */
describe("the console in a browser, on a real Kafka", { skip, timeout: 300_000 }, () => {
  let kafka: TestKafka;
  let venue: PrivateVenue;
  let browser: Browser;

  before(async () => {
    kafka = await privateKafka(process.env);
    [venue, browser] = await Promise.all([
      privateVenue(SEED, { kafka: kafka.bootstrapServers }),
      launchBrowser(),
    ]);
    await commitForeign(kafka.bootstrapServers);
  });

  after(async () => {
    await browser?.close();
    await venue?.end();
    await kafka?.remove();
  });

  async function at(t: TestContext, address: string): Promise<Page> {
    const { page, faults } = await openPage(browser);
    t.after(async () => {
      await page.close();
      assert.deepEqual(faults, []);
    });
    await page.addInitScript(
      (key) => sessionStorage.setItem("bourse.console.key", key),
      venue.platform.operatorKey,
    );
    await page.goto(`${venue.console.url}${address}`);
    return page;
  }

  it("shows the broker's topics, partitions and messages", async (t) => {
    const page = await at(t, "/topics");
    await page.getByRole("row", { name: /^sim\.trade-events 500 12 exact generator clientId/ }).waitFor();
    await page.getByRole("link", { name: "sim.trade-events", exact: true }).click();
    await page.getByLabel("Key", { exact: true }).fill("client-a");
    await page.keyboard.press("Enter");
    await page.getByText('"n":498').waitFor();
    assert.equal(await page.getByText('"n":499').count(), 0);
    await page.getByRole("link", { name: "Partitions and events" }).click();
    await page.getByRole("row", { name: /^3 0 500 500/ }).waitFor();
  });

  it("shows groups by their marks, and foreign ones by what they have committed", async (t) => {
    const page = await at(t, "/groups");
    await page.getByRole("link", { name: "somebody-else" }).click();
    await page.getByRole("row", { name: /^sim\.trade-events 3 \w+ 400 committed 100 500/ }).waitFor();
    await page.goto(`${venue.console.url}/groups/portfolio.positions`);
    await page.getByRole("row", { name: /^trade-events 1 \w+ \d+ marks/ }).waitFor();
  });

  for (const width of WIDTHS)
    it(`has pages that are whole at ${width} pixels: nothing is beside the window`, async (t) => {
      const page = await at(t, "/topics");
      await page.setViewportSize({ width, height: 800 });
      for (const address of [
        "/topics",
        "/topics/sim.trade-events",
        "/topics/sim.trade-events/partitions",
        "/groups",
        "/groups/portfolio.positions",
        "/dead-letters",
        "/dead-letters?service=portfolio",
      ]) {
        await page.goto(`${venue.console.url}${address}`);
        await page.getByRole("table").first().waitFor();
        const beyond = await page.evaluate<number>(
          "document.documentElement.scrollWidth - window.innerWidth",
        );
        assert.ok(beyond <= 0, `${address} is ${beyond} pixels wider than the window`);
        const { CONSOLE_SCREENSHOTS: folder } = process.env;
        if (folder !== undefined)
          await page.screenshot({
            path: `${folder}/${address.slice(1).replaceAll(/[/?=]/g, "-")}-${width}.png`,
          });
      }
    });

  it("R12: shows dead letters, redrives them, and drops them", async (t) => {
    const page = await at(t, "/dead-letters?service=portfolio");
    await page.getByRole("row", { name: /poison-0/ }).click();
    await page.getByRole("complementary").getByText("{broken").waitFor();
    await page.getByRole("button", { name: "Redrive…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Redrive" }).click();
    await dialog.getByText(/0 applied, \d+ failed again/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Drop…" }).click();
    await dialog.getByLabel("Reason, for the audit log").fill("planted by a test");
    await dialog.getByRole("button", { name: "Drop" }).click();
    await dialog.getByText(/[1-9] dropped/).waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await page.getByText("No records are parked for this reason.").waitFor();
  });
});

/** A group that is not the platform's. */
async function commitForeign(bootstrapServers: string): Promise<void> {
  const bus = kafkaBus({ bootstrapServers, clientId: "foreign" });
  await bus.moveGroup("somebody-else", [{ topic: "sim.trade-events", partition: 3, nextOffset: 100n }]);
  await bus.close();
}
