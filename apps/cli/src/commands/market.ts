import { randomUUID } from "node:crypto";
import { Argument, Command, Option } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface BandOptions extends TargetOptions {
  readonly lower: string;
  readonly upper: string;
  readonly limitStateMs: number;
}

/** What an operator asks of the engine about a symbol. */
export function marketCommand(): Command {
  const phase = (word: string, description: string): Command =>
    withExamples(
      of(word, description).action((symbol: string, options: TargetOptions) =>
        command(options, "POST", `${symbol}/${word}`),
      ),
      [[`market ${word} AAPL`, "from now on"]],
    );
  const of = (name: string, description: string): Command =>
    withTarget(new Command(name)).description(description).addArgument(new Argument("<symbol>"));
  const bands = of("bands", "Price bands: nothing trades beyond them, and a market that stands at one pauses")
    .requiredOption("--lower <price>", "nothing trades below it")
    .requiredOption("--upper <price>", "nothing trades above it")
    .option(
      "--limit-state-ms <milliseconds>",
      "how long the market may stand at a band before it pauses",
      wholeNumber(1, 86_400_000),
      15_000,
    )
    .action(setBands);
  const cancel = of("cancel", "Cancel all open orders of a symbol, whoever they belong to")
    .addOption(new Option("--side <side>", "only of this side").choices(["buy", "sell"]))
    .action((symbol: string, options: TargetOptions & { readonly side?: string }) =>
      command(options, "DELETE", `${symbol}/orders`, { query: { side: options.side?.toUpperCase() } }),
    );
  return new Command("market")
    .description("Halt and resume a symbol, set its price bands, cancel its orders: for operators")
    .addCommand(phase("halt", "Halt a symbol: it takes cancels only"))
    .addCommand(phase("cancel-only", "Take cancels, and amends that only lessen an order"))
    .addCommand(phase("resume", "Let a symbol trade again that was halted or has paused"))
    .addCommand(
      withExamples(bands, [["market bands AAPL --lower 200 --upper 220", "as in limit up, limit down"]]),
    )
    .addCommand(
      withExamples(
        of("no-bands", "Take the price bands of a symbol away").action(
          (symbol: string, options: TargetOptions) => command(options, "DELETE", `${symbol}/bands`),
        ),
        [["market no-bands AAPL", "it trades at any price again"]],
      ),
    )
    .addCommand(withExamples(cancel, [["market cancel AAPL --side buy", "all bids"]]));
}

async function setBands(symbol: string, options: BandOptions): Promise<void> {
  const { lower, upper, limitStateMs } = options;
  const body = { lowerPrice: lower, upperPrice: upper, limitStateMs };
  await command(options, "PUT", `${symbol}/bands`, { body });
}

async function command(
  options: TargetOptions,
  method: "POST" | "PUT" | "DELETE",
  path: string,
  more: { readonly body?: object; readonly query?: Readonly<Record<string, string | undefined>> } = {},
): Promise<void> {
  await withClient(options, async (client, output) => {
    const { body } = await client.request<object>({
      method,
      path: `/api/v1/orders/symbols/${path}`,
      ...more,
      idempotencyKey: randomUUID(),
    });
    output.line("The engine is told; what it does shows in `bourse order show` and `bourse book`.");
    output.result(body);
  });
}
