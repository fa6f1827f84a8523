import { parseDecimal } from "@bourse/base";
import { InvalidArgumentError } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { EXIT } from "../exit-codes.ts";

export interface Deposit {
  readonly asset: string;
  readonly amount: string;
}

/** For commander: gathers `USD=10000`. */
export function gatherDeposits(text: string, before: readonly Deposit[]): readonly Deposit[] {
  const [asset = "", amount = "", ...more] = text.split("=");
  if (asset === "" || amount === "" || more.length > 0)
    throw new InvalidArgumentError("Allowed is an asset and an amount, such as USD=10000.");
  if (before.some((each) => each.asset === asset))
    throw new InvalidArgumentError(`${asset} was given before: allowed is one first deposit of an asset.`);
  return [...before, { asset, amount }];
}

/** Throws for what the wallet would refuse: asked before an account is opened that was meant to have all of it. */
export async function assertDeposits(client: GatewayClient, deposits: readonly Deposit[]): Promise<void> {
  if (deposits.length === 0) return;
  const { assets } = await client.get<{
    readonly assets: readonly { readonly asset: string; readonly scale: number }[];
  }>("/api/v1/assets");
  for (const { asset, amount } of deposits) {
    const given = `--fund: ${asset}=${amount}`;
    const listed = assets.find((each) => each.asset === asset);
    if (listed === undefined) {
      const codes = assets.map((each) => each.asset).join(", ");
      throw new CliError(EXIT.refused, `${given} -> an asset that is listed: ${codes || "there is none"}`);
    }
    const units = parseDecimal(amount, listed.scale);
    if (typeof units !== "bigint" || units <= 0n)
      throw new CliError(
        EXIT.refused,
        `${given} -> a positive decimal with at most ${listed.scale} decimals, such as ${asset}=10`,
      );
  }
}
