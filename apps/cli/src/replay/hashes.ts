import { createHash } from "node:crypto";
import { accountsOfPlatform } from "../account-pages.ts";
import type { GatewayClient } from "../client.ts";

interface PartitionView {
  readonly partition: number;
  readonly stateHash: string;
}

/** One hash over the state hashes of all engine partitions, in their order: equal runs have equal hashes. */
export async function engineStateHash(client: GatewayClient): Promise<string> {
  const { partitions } = await client.get<{ partitions: readonly PartitionView[] }>(
    "/api/v1/matching/partitions",
  );
  const inOrder = partitions.toSorted((left, right) => left.partition - right.partition);
  return hashOfLines(inOrder.map(({ stateHash }) => stateHash));
}

/** SHA-256 over the balances of all accounts, by account and asset. */
export async function balancesHash(client: GatewayClient): Promise<string> {
  const lines: string[] = [];
  for await (const { accountId, balances } of accountsOfPlatform(client)) {
    for (const { asset, available, held } of balances)
      lines.push([accountId, asset, available, held].join(","));
  }
  return hashOfLines(lines.sort());
}

export function hashOfLines(lines: readonly string[]): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest("hex");
}
