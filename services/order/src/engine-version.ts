import type { Delivery } from "@bourse/delivery";
import { PARTITIONS, toPartition } from "./engine-log.ts";
import { derivedRequestId } from "./order-id.ts";
import { activateEngineVersion } from "./sql/venue-rows.ts";

/** The version of the engine's rules that new partitions begin with. */
export const FIRST_ENGINE_VERSION = 1;

/** The first record of each partition says by which rules it is read; it is written once, by whoever comes first. */
export async function activateEngine(delivery: Delivery): Promise<void> {
  await delivery.commit("activate engine version", async (unit) => {
    const [rows = []] = await unit.run([
      activateEngineVersion(FIRST_ENGINE_VERSION, PARTITIONS.length, unit.nowMs),
    ]);
    const events = rows
      .map((row) => Number(row.partition))
      .sort((a, b) => a - b)
      .map((partition) =>
        toPartition(partition, {
          eventType: "EngineVersionActivated",
          requestId: derivedRequestId(`engine-version/${FIRST_ENGINE_VERSION}/${partition}`),
          engineVersion: FIRST_ENGINE_VERSION,
        }),
      );
    return { statements: [], events, result: undefined };
  });
}
