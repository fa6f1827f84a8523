import { definitions } from "@bourse/platform";
import { schemaOfService } from "@bourse/store";
import { verifyRun } from "../crash/verify-run.ts";
import type { Trader } from "../flows/trader.ts";
import type { Incarnation } from "../world/incarnation.ts";
import { answerFaults } from "./model/answer-faults.ts";
import { copyFaults } from "./model/copy-faults.ts";
import { type EndedDay, readEndedDay } from "./model/ended-day.ts";
import { marketFaults } from "./model/market-faults.ts";
import { moneyFaults } from "./model/money-faults.ts";
import { orderFaults } from "./model/order-faults.ts";
import { positionFaults } from "./model/position-faults.ts";
import { type Exposure, riskFaults } from "./model/risk-faults.ts";

/** Everything that must hold at the end of a day. */
export async function checkDay(
  operator: Trader,
  lived: Pick<EndedDay, "told" | "isDisturbed" | "isFleet">,
): Promise<{ readonly violations: readonly string[]; readonly trades: number }> {
  const violations = [...(await verifyRun(operator, []))];
  const day = await readEndedDay(operator, lived);
  violations.push(
    ...answerFaults(day),
    ...orderFaults(day),
    ...moneyFaults(day),
    ...positionFaults(day),
    ...marketFaults(day),
    ...copyFaults(day),
    ...(await exposures(operator)).flatMap((exposure) => riskFaults(day, exposure)),
    ...parkedFaults(day),
    ...(await healthFaults(operator)),
  );
  return { violations, trades: day.facts.trades.length };
}

/** What risk has in memory, in each process: no door shows it. */
async function exposures(operator: Trader): Promise<readonly Exposure[]> {
  return (await operator.supervisor.all()).map(exposureIn);
}

function exposureIn({ services }: Incarnation): Exposure {
  // biome-ignore lint/suspicious/noExplicitAny: what `setup` made is known to its service only
  const risk = services.get("risk")?.service as any;
  return (accountId) => {
    const open = risk.exposures.of(accountId);
    if (open === undefined) return null;
    return {
      openOrders: open.openOrders,
      notional: (asset) => decimal(open.notionalUnits(asset), asset === "USD" ? 6 : 8),
    };
  };
}

function decimal(units: bigint, scale: number): string {
  const text = String(units).padStart(scale + 1, "0");
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** R12: nothing was poison. */
function parkedFaults({ world }: EndedDay): readonly string[] {
  const faults: string[] = [];
  for (const { name, partitions } of world.log.topics.values())
    if (name.startsWith("dead-letter-"))
      for (const { records } of partitions)
        for (const { value } of records) faults.push(`${name}: ${value.slice(0, 400)}`);
  for (const { name, migrations } of definitions) {
    if (migrations === undefined) continue;
    const text = "SELECT count(*) AS n FROM parked";
    const [row] = world.database.look(schemaOfService(name), { text, values: [] });
    if (Number(row?.n) !== 0) faults.push(`${name} has parked ${row?.n} records`);
  }
  return faults;
}

/** Every service takes work, no subscription has stopped and no relay is stuck. */
async function healthFaults(operator: Trader): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { services } of await operator.supervisor.all())
    for (const [name, service] of services)
      for (const reason of (await service.status()).unready) faults.push(`${name} is not ready: ${reason}`);
  return faults;
}
