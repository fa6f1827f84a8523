import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { refills, refillsTheEnd } from "./testing/refills.ts";
import { TestVenue } from "./testing/test-venue.ts";

it("R4: the folder of the embedded bus is gone, and it is filled again", { timeout: 300_000 }, async (t) => {
  const venue = new TestVenue();
  t.after(() => venue.remove());
  await refills(venue, async () => rmSync(join(venue.folder, "bus"), { recursive: true }));
});

it("R4, R8: the embedded log has lost its end, as after a loss of power: it is filled again", {
  timeout: 300_000,
}, async (t) => {
  const venue = new TestVenue();
  t.after(() => venue.remove());
  const bus = join(venue.folder, "bus");
  const earlier = join(venue.folder, "bus-earlier");
  await refillsTheEnd(venue, {
    keep: () => cpSync(bus, earlier, { recursive: true }),
    lose: () => {
      rmSync(bus, { recursive: true });
      cpSync(earlier, bus, { recursive: true });
    },
  });
});
