import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openBrowser, openPage } from "./testing/open-browser.ts";
import { type PrivateVenue, privateVenue } from "./testing/private-venue.ts";
import { chromiumSkip } from "./testing/provision-chromium.ts";

const skip = await chromiumSkip({ environment: process.env, progress: (line) => console.error(line) });

describe("the console in a browser", { skip: skip ?? false }, () => {
  let venue: PrivateVenue;

  before(async () => {
    venue = await privateVenue();
  });

  after(async () => {
    await venue?.end();
  });

  it("lets an operator in by key, refuses another, and lists the topics", async (t) => {
    const browser = await openBrowser(t);
    const { page, faults } = await openPage(browser);
    await page.goto(`${venue.console.url}/topics`);
    await page.getByLabel("Operator’s key").fill("bk_wrong");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("unauthenticated").waitFor();

    await page.getByLabel("Operator’s key").fill(venue.platform.operatorKey);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "trade-events", exact: true }).waitFor();
    const row = page.getByRole("row", { name: /^order-events / });
    assert.match(await row.innerText(), /exact\s+order\s+symbol/);
    assert.deepEqual(faults, []);
  });
});
