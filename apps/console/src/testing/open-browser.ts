import { setImmediate } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { provisionChromium } from "./provision-chromium.ts";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A real browser, headless. Whoever opens it closes it. */
export async function launchBrowser(): Promise<Browser> {
  const { program, libraries } = await provisionChromium({ environment: process.env });
  return chromium.launch({
    executablePath: program,
    args: FLAGS,
    ...(libraries === undefined ? {} : { env: { ...process.env, LD_LIBRARY_PATH: libraries } }),
  });
}

/** A page that keeps what went wrong in it: errors of scripts, and what its policy refused. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<{ readonly page: Page; readonly faults: readonly string[] }> {
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 }, ...options });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // A refused request is an answer that the page shows; it is no fault of the page.
    if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
      faults.push(message.text());
  });
  return { page, faults };
}

/**
 * Resolves once the expression is true in the page. Playwright's own wait evaluates it out of the page's turn, where the page's
 * policy forbids that.
 */
export async function untilTrue(page: Page, expression: string): Promise<void> {
  while ((await page.evaluate(expression)) !== true) await setImmediate();
}

/** What its routes are still at is given up: the test is over. */
export async function closePage(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.close();
}
