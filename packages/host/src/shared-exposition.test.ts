import assert from "node:assert/strict";
import { test } from "node:test";
import { Gauge } from "prom-client";
import { createRegistry } from "./metrics.ts";
import { sharedExposition } from "./shared-exposition.ts";
import { manualTimer } from "./testing/manual-timer.ts";

const turn = (): Promise<unknown> => new Promise(setImmediate);

/** A registry whose one figure says how often it was read; a reading ends when it is told to. */
function heldRegistry() {
  const registry = createRegistry("risk");
  let readings = 0;
  let end = (): void => undefined;
  new Gauge({
    name: "readings",
    help: "x",
    registers: [registry],
    async collect() {
      this.set(++readings);
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  });
  return { registry, readings: () => readings, end: () => end() };
}

async function begun(
  held: ReturnType<typeof heldRegistry>,
  timer: ReturnType<typeof manualTimer>,
  nth: number,
) {
  while (held.readings() < nth) {
    timer.advance(1_000);
    await turn();
  }
}

test("who asks while figures are read shares the next reading, however many they are", async () => {
  const [held, timer] = [heldRegistry(), manualTimer()];
  const ask = sharedExposition(held.registry, timer);
  const first = ask();
  await begun(held, timer, 1);
  const others = Array.from({ length: 100 }, ask);
  await turn();
  assert.equal(held.readings(), 1);
  held.end();
  assert.match(await first, /^readings\{service="risk"\} 1$/m);
  await begun(held, timer, 2);
  held.end();
  for (const text of await Promise.all(others)) assert.match(text, /^readings\{service="risk"\} 2$/m);
  assert.equal(held.readings(), 2);
});

test("figures that can't be read are told to who has asked for them, and to nobody else", async () => {
  const [registry, timer] = [createRegistry("risk"), manualTimer()];
  let readings = 0;
  new Gauge({
    name: "readings",
    help: "x",
    registers: [registry],
    collect() {
      readings++;
      if (readings === 1) throw new Error("away");
    },
  });
  const ask = sharedExposition(registry, timer);
  await assert.rejects(ask(), /away/);
  const again = ask();
  while (readings < 2) {
    timer.advance(1_000);
    await turn();
  }
  assert.match(await again, /^readings\{service="risk"\} 0$/m);
});
