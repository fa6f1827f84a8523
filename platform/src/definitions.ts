import { auth } from "@bourse/auth";
import { SERVICE_NAMES, type ServiceName } from "@bourse/contracts";
import { dropCopy } from "@bourse/drop-copy";
import { gateway } from "@bourse/gateway";
import type { AnyServiceDefinition } from "@bourse/host";
import { marketData } from "@bourse/market-data";
import { matching } from "@bourse/matching";
import { order } from "@bourse/order";
import { portfolio } from "@bourse/portfolio";
import { referenceData } from "@bourse/reference-data";
import { risk } from "@bourse/risk";
import { tradeProcessor } from "@bourse/trade-processor";
import { wallet } from "@bourse/wallet";

/** What every platform runs. */
export const definitions: readonly AnyServiceDefinition[] = [
  auth,
  referenceData,
  wallet,
  risk,
  order,
  matching,
  portfolio,
  marketData,
  dropCopy,
  gateway,
] as unknown as readonly AnyServiceDefinition[];

/** What a platform runs where it is asked to (`bourse up --with`, `BOURSE_WITH`): it takes its share of the machine. */
export const optionalDefinitions: readonly AnyServiceDefinition[] = [
  tradeProcessor,
] as unknown as readonly AnyServiceDefinition[];

/** What is derived (documents, access lists, drawings) is derived from these. */
export const allDefinitions: readonly AnyServiceDefinition[] = [...definitions, ...optionalDefinitions];

export function isServiceName(name: string): name is ServiceName {
  return (SERVICE_NAMES as readonly string[]).includes(name);
}

/** The readers of each topic, out of the services' consumptions. */
export function readersOf(): Readonly<Record<string, readonly ServiceName[]>> {
  return consumersOf(() => true);
}

/** Who consumes a topic with effect, and so writes its dead letters (R12). */
export function parkersOf(): Readonly<Record<string, readonly ServiceName[]>> {
  return consumersOf((kind) => kind === "effect" || kind === "bulk");
}

function consumersOf(
  isMeant: (kind: "effect" | "bulk" | "view" | "shard") => boolean,
): Readonly<Record<string, readonly ServiceName[]>> {
  const consumers: Record<string, ServiceName[]> = {};
  for (const { name, consumes } of allDefinitions) {
    for (const consumption of consumes) {
      if (!isMeant(consumption.kind)) continue;
      const topics = consumption.kind === "shard" ? [consumption.input] : consumption.topics;
      for (const topic of topics) {
        const names = consumers[topic.name] ?? [];
        if (!names.includes(name)) names.push(name);
        consumers[topic.name] = names;
      }
    }
  }
  return consumers;
}
