import { randomUUID } from "node:crypto";
import { Argument, Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface BandOptions extends TargetOptions {
  readonly lower?: string;
  readonly upper?: string;
  readonly limitStateMs: number;
}

interface BandsView {
  readonly symbol: string;
  readonly bands: {
    readonly lowerPrice: string;
    readonly upperPrice: string;
    readonly limitStateMs: number;
  } | null;
  readonly state?: string;
  readonly setAt?: string;
  readonly pausesAt?: string;
}

/** What an operator asks of the engine about a symbol. */
export function marketCommand(): Command {
  const phase = (word: string, description: string): Command =>
    withExamples(
      of(word, description).action((symbol: string, options: TargetOptions) =>
        command(options, "POST", symbol, word),
      ),
      [[`market ${word} AAPL`, "from now on"]],
    );
  const of = (name: string, description: string): Command =>
    withTarget(new Command(name)).description(description).addArgument(new Argument("<symbol>"));
  const bands = of(
    "bands",
    "Set price bands, beyond which nothing trades, and at which a market pauses; without prices, show them",
  )
    .option("--lower <price>", "nothing trades below it")
    .option("--upper <price>", "nothing trades above it")
    .option(
      "--limit-state-ms <milliseconds>",
      "how long the market may stand at a band before it pauses",
      wholeNumber(1, 86_400_000),
      15_000,
    )
    .action(setOrShowBands);
  const cancel = of("cancel", "Cancel all open orders of a symbol, whoever they belong to")
    .addOption(new Option("--side <side>", "only of this side").choices(["buy", "sell"]))
    .action((symbol: string, options: TargetOptions & { readonly side?: string }) =>
      command(options, "DELETE", symbol, "orders", { query: { side: options.side?.toUpperCase() } }),
    );
  return new Command("market")
    .description("Halt and resume a symbol, set its price bands, cancel its orders: for operators")
    .addCommand(phase("halt", "Halt a symbol: it takes cancels only"))
    .addCommand(phase("cancel-only", "Take cancels, and amends that only lessen an order"))
    .addCommand(phase("resume", "Let a symbol that was halted or has paused trade again"))
    .addCommand(
      withExamples(bands, [
        ["market bands AAPL --lower 200 --upper 220", "as in limit up, limit down"],
        ["market bands AAPL", "what they are, and whether it stands at one"],
      ]),
    )
    .addCommand(
      withExamples(
        of("no-bands", "Take the price bands of a symbol away").action(
          (symbol: string, options: TargetOptions) => command(options, "DELETE", symbol, "bands"),
        ),
        [["market no-bands AAPL", "it trades at any price again"]],
      ),
    )
    .addCommand(withExamples(cancel, [["market cancel AAPL --side buy", "all bids"]]));
}

async function setOrShowBands(symbol: string, options: BandOptions): Promise<void> {
  const { lower, upper, limitStateMs } = options;
  if (lower === undefined && upper === undefined) return await showBands(symbol, options);
  if (lower === undefined || upper === undefined)
    throw new CliError(EXIT.usage, "--lower and --upper: both of them, or neither to see what they are");
  const body = { lowerPrice: lower, upperPrice: upper, limitStateMs };
  await command(options, "PUT", symbol, "bands", { body });
}

async function showBands(symbol: string, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const path = `/api/v1/orders/symbols/${encodeURIComponent(symbol)}/bands`;
    const view = await client.get<BandsView>(path);
    const { bands, state = "", setAt = "", pausesAt } = view;
    if (bands === null) output.line(`${symbol} has no price bands.`);
    else
      output.facts([
        ["lower", bands.lowerPrice],
        ["upper", bands.upperPrice],
        ["limit state, ms", String(bands.limitStateMs)],
        ["state", `${state.toLowerCase()}, set at ${setAt}`],
        ...(pausesAt === undefined ? [] : [["at a band", `pauses at ${pausesAt}`] as const]),
      ]);
    output.result(view);
  });
}

async function command(
  options: TargetOptions,
  method: "POST" | "PUT" | "DELETE",
  symbol: string,
  what: string,
  more: { readonly body?: object; readonly query?: Readonly<Record<string, string | undefined>> } = {},
): Promise<void> {
  await withClient(options, async (client, output) => {
    const { body } = await client.request<object>({
      method,
      path: `/api/v1/orders/symbols/${encodeURIComponent(symbol)}/${what}`,
      ...more,
      idempotencyKey: randomUUID(),
    });
    output.line("The engine is told; what it does shows in `bourse order show` and `bourse book`.");
    output.result(body);
  });
}
