import { randomUUID } from "node:crypto";
import type { Instrument } from "@bourse/market";
import { Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";
import { wholeNumber, withExamples } from "../help.ts";
import type { Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

/** What may change of an instrument. Options are called as the fields are. */
type Changeable = Partial<
  Omit<Instrument, "symbol" | "baseAsset" | "quoteAsset" | "tickSize" | "lotSize" | "calendar">
>;

type AddOptions = TargetOptions & Changeable & Omit<Instrument, keyof Changeable | "symbol">;

const MAX_FEE_PPM = 1_000_000;
const MAX_COLLAR_PPM = 1_000_000_000;
const PATH = "/api/v1/instruments";

/** Operators list what can be traded, and change its fees, limits, collar, reference price and status. */
export function instrumentsCommand(): Command {
  const list = withTarget(new Command("list")).description("Show all instruments").action(listInstruments);
  const show = withTarget(new Command("show"))
    .description("Show an instrument: its steps, limits, fees and status")
    .argument("<symbol>")
    .action(showInstrument);
  const add = withChangeable(
    withTarget(new Command("add"))
      .description("List an instrument; listing it again as it is changes nothing")
      .argument("<symbol>", "BTC-USD, AAPL")
      .requiredOption(
        "--base-asset <asset>",
        "what is bought and sold; list it first with `bourse assets add`",
      )
      .requiredOption("--quote-asset <asset>", "what is paid with")
      .requiredOption("--tick-size <decimal>", "the step of prices; it never changes")
      .requiredOption("--lot-size <decimal>", "the step of quantities; it never changes")
      .addOption(
        new Option("--calendar <calendar>", "when its day ends: 24x7 or XNAS; it never changes").default(
          "24x7",
        ),
      ),
  ).action(addInstrument);
  const set = withChangeable(
    withTarget(new Command("set"))
      .description("Change limits, fees, collar, reference price or status; what is not named stays")
      .argument("<symbol>"),
  ).action(changeInstrument);
  return new Command("instruments")
    .description("List instruments, change them, and show what is listed: for operators")
    .addCommand(withExamples(list, [["instruments list", "what can be traded here"]]))
    .addCommand(withExamples(show, [["instruments show BTC-USD", "its steps, limits and fees"]]))
    .addCommand(
      withExamples(add, [
        [
          "instruments add BTC-USD --base-asset BTC --quote-asset USD --tick-size 0.01 --lot-size 0.0001 " +
            "--max-price 1000000 --max-quantity 1000 --reference-price 60000 --taker-fee-ppm 500",
          "for takers 0.05 %",
        ],
      ]),
    )
    .addCommand(
      withExamples(set, [
        ["instruments set BTC-USD --maker-fee-ppm -50 --taker-fee-ppm 300", "makers are paid 0.005 %"],
        ["instruments set BTC-USD --max-price 2000000", "for orders that come"],
        ["instruments set BTC-USD --status halted", "it takes cancels only"],
      ]),
    );
}

function withChangeable(command: Command): Command {
  return command
    .option(
      "--min-quantity <decimal>",
      "the least that an order may have (of a new one: default the lot size)",
    )
    .option("--max-quantity <decimal>", "the most")
    .option("--max-price <decimal>", "the highest price of an order")
    .option("--reference-price <decimal>", "what collars are measured from until there is a trade")
    .option(
      "--maker-fee-ppm <ppm>",
      "of the notional; below 0 a rebate",
      wholeNumber(-MAX_FEE_PPM, MAX_FEE_PPM),
    )
    .option("--taker-fee-ppm <ppm>", "of the notional", wholeNumber(-MAX_FEE_PPM, MAX_FEE_PPM))
    .option(
      "--collar-ppm <ppm>",
      "how far from the reference an order may be priced (of a new one: default 100000, 10 %)",
      wholeNumber(0, MAX_COLLAR_PPM),
    )
    .addOption(new Option("--status <status>", "whether it trades").choices(["trading", "halted"]));
}

async function listInstruments(options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const answer = await client.get<{ readonly instruments: readonly Instrument[] }>(PATH);
    if (answer.instruments.length === 0) output.line("There is no instrument.");
    else
      output.table(
        ["symbol", "status", "tick", "lot", "max quantity", "max price", "maker ppm", "taker ppm"],
        answer.instruments.map((each) => [
          each.symbol,
          each.status,
          each.tickSize,
          each.lotSize,
          each.maxQuantity,
          each.maxPrice,
          each.makerFeePpm,
          each.takerFeePpm,
        ]),
      );
    output.result(answer);
  });
}

async function showInstrument(symbol: string, options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    tell(output, await client.get<Instrument>(`${PATH}/${encodeURIComponent(symbol)}`));
  });
}

async function addInstrument(symbol: string, options: AddOptions): Promise<void> {
  const { baseAsset, quoteAsset, tickSize, lotSize, calendar } = options;
  const given = changeableOf(options);
  for (const field of ["maxQuantity", "maxPrice", "referencePrice"] as const)
    if (given[field] === undefined)
      throw new CliError(EXIT.usage, `${optionOf(field)}: not given -> a decimal, since it has no default`);
  await withClient(options, async (client, output) => {
    const { status, body } = await client.request<Instrument>({
      method: "POST",
      path: PATH,
      body: {
        symbol,
        ...{ baseAsset, quoteAsset, tickSize, lotSize, calendar },
        ...{ minQuantity: lotSize, makerFeePpm: 0, takerFeePpm: 0, collarPpm: 100_000 },
        ...given,
      },
    });
    output.line(status === 201 ? `${symbol} is listed.` : `${symbol} is listed so already.`);
    tell(output, body);
  });
}

async function changeInstrument(symbol: string, options: TargetOptions & Changeable): Promise<void> {
  const change = changeableOf(options);
  if (Object.keys(change).length === 0)
    throw new CliError(EXIT.usage, "name what is to change: --help shows what may");
  await withClient(options, async (client, output) => {
    const { body } = await client.request<Instrument>({
      method: "PATCH",
      path: `${PATH}/${encodeURIComponent(symbol)}`,
      body: change,
      idempotencyKey: randomUUID(),
    });
    tell(output, body);
  });
}

/** Those that were given. */
function changeableOf(options: Changeable): Changeable {
  const { minQuantity, maxQuantity, maxPrice, referencePrice, makerFeePpm, takerFeePpm, collarPpm } = options;
  const all = {
    ...{ minQuantity, maxQuantity, maxPrice, referencePrice, makerFeePpm, takerFeePpm, collarPpm },
    status: options.status?.toUpperCase(),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function optionOf(field: string): string {
  return `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function tell(output: Output, view: Instrument): void {
  output.facts([
    ["symbol", view.symbol],
    ["assets", `${view.baseAsset} for ${view.quoteAsset}`],
    ["status", view.status],
    ["tick and lot", `${view.tickSize} and ${view.lotSize}`],
    ["quantity", `${view.minQuantity} to ${view.maxQuantity}`],
    ["price", `up to ${view.maxPrice}`],
    ["reference price", view.referencePrice],
    ["collar, ppm", view.collarPpm],
    ["maker fee, ppm", view.makerFeePpm],
    ["taker fee, ppm", view.takerFeePpm],
    ["calendar", view.calendar],
  ]);
  output.result(view);
}
