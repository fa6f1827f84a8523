import { Command } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface BookOptions extends TargetOptions {
  readonly depth: number;
}

type Level = readonly [price: string, quantity: string, orders: number];

interface Book {
  readonly symbol: string;
  readonly bookSequence: number;
  readonly stale: boolean;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

export function bookCommand(): Command {
  const command = withTarget(new Command("book"))
    .description("Show the order book of a symbol, best prices in the middle")
    .argument("<symbol>", "BTC-USD, AAPL")
    .option("--depth <levels>", "levels on each side", wholeNumber(1, 5_000), 10)
    .action(book);
  return withExamples(command, [
    ["book BTC-USD", "ten levels on each side"],
    ["book AAPL --depth 1 --json", "the touch, for a program"],
  ]);
}

async function book(symbol: string, options: BookOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const path = `/api/v1/markets/${encodeURIComponent(symbol)}/book`;
    const { depth } = options;
    const answer = await client.get<Book>(path, { depth });
    output.line(
      `${answer.symbol}, book ${answer.bookSequence}${answer.stale ? ", stale: it waits for a snapshot" : ""}`,
    );
    output.table(
      ["bid orders", "bid quantity", "price", "ask quantity", "ask orders"],
      [
        ...answer.asks
          .toReversed()
          .map(([price, quantity, orders]) => ["", "", price, quantity, String(orders)]),
        ...answer.bids.map(([price, quantity, orders]) => [String(orders), quantity, price, "", ""]),
      ],
    );
    if (answer.bids.length + answer.asks.length === 0) output.line("Nobody quotes it.");
    output.result(answer);
  });
}
