import { rmSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { refills } from "./testing/refills.ts";
import { TestVenue } from "./testing/test-venue.ts";

it("R4: the folder of the embedded bus is gone, and it is filled again", { timeout: 120_000 }, async (t) => {
  const venue = new TestVenue();
  t.after(() => venue.remove());
  await refills(venue, async () => rmSync(join(venue.folder, "bus"), { recursive: true }));
});
