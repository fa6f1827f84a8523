import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { withClient } from "../target.ts";
import { type NamingOptions, named, readOrder } from "./named-order.ts";

interface FillsOptions extends NamingOptions {
  readonly symbol?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

interface Fill {
  readonly tradeId: string;
  readonly orderId: string;
  readonly clientOrderId?: string;
  readonly side: string;
  readonly price: string;
  readonly quantity: string;
  readonly liquidity: string;
  readonly fee: string;
  readonly feeAsset: string;
  readonly time: string;
}

export function fillsCommand(): Command {
  const command = named(new Command("fills"))
    .description("Show the fills of an account, latest first, or those of an order")
    .option("--symbol <symbol>", "only of this symbol")
    .option("--from <time>", "not before, such as 2026-11-21T09:30:00.000Z")
    .option("--to <time>", "before")
    .option("--limit <fills>", "how many", wholeNumber(1, 1_000), 50)
    .action(showFills);
  return withExamples(command, [
    ["order fills --account alice", "what alice has traded last"],
    ["order fills 0f3c...", "of one order"],
    ["order fills --account alice --client-order-id a-1", "by your own id"],
  ]);
}

async function showFills(orderId: string | undefined, options: FillsOptions): Promise<void> {
  const { account, clientOrderId, symbol, from, to, limit } = options;
  const ofOrder = orderId !== undefined || clientOrderId !== undefined;
  if (!ofOrder && account === undefined)
    throw new CliError(EXIT.usage, "whose fills? Give --account, or an order");
  await withClient(options, async (client, output) => {
    const order = ofOrder ? await readOrder(client, orderId, options) : undefined;
    const accountId = order?.accountId ?? account ?? "";
    const page = await client.get<{ fills: readonly Fill[]; nextCursor?: string }>(
      `/api/v1/accounts/${encodeURIComponent(accountId)}/fills`,
      { orderId: order?.orderId, symbol, from, to, limit },
    );
    printFills(output, page.fills);
    if (page.nextCursor !== undefined) output.line(`There are more; --limit ${limit} shows the latest.`);
    output.result(page);
  });
}

function printFills(output: Output, fills: readonly Fill[]): void {
  if (fills.length === 0) {
    output.line("There is no such fill.");
    return;
  }
  output.table(
    ["time", "trade", "side", "quantity", "price", "liquidity", "fee", "order", "client order id"],
    fills.map(
      ({ time, tradeId, side, quantity, price, liquidity, fee, feeAsset, orderId, clientOrderId = "" }) => [
        time,
        tradeId,
        side,
        quantity,
        price,
        liquidity,
        `${fee} ${feeAsset}`,
        orderId,
        clientOrderId,
      ],
    ),
  );
}
