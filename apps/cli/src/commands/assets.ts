import { Command, Option } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface AssetView {
  readonly asset: string;
  readonly name: string;
  readonly kind: string;
  readonly scale: number;
}

interface AddOptions extends TargetOptions {
  readonly name: string;
  readonly kind: string;
  readonly scale: number;
}

/** Operators list what is owned and counted; what is listed never changes. */
export function assetsCommand(): Command {
  const list = withTarget(new Command("list")).description("Show all assets").action(listAssets);
  const show = withTarget(new Command("show"))
    .description("Show an asset")
    .argument("<asset>")
    .action((asset: string, options: TargetOptions) =>
      withClient(options, async (client, output) => {
        const view = await client.get<AssetView>(`/api/v1/assets/${encodeURIComponent(asset)}`);
        output.facts(Object.entries(view));
        output.result(view);
      }),
    );
  const add = withTarget(new Command("add"))
    .description("List an asset; listing it again as it is changes nothing")
    .argument("<asset>", "its code: USD, BTC, AAPL")
    .requiredOption("--name <name>", "what people call it")
    .addOption(
      new Option("--kind <kind>", "what it is").choices(["fiat", "crypto", "equity"]).makeOptionMandatory(),
    )
    .requiredOption(
      "--scale <decimals>",
      "decimals of the smallest amount that is counted; it never changes",
      wholeNumber(0, 18),
    )
    .action(addAsset);
  return new Command("assets")
    .description("List assets, and show what is listed: for operators")
    .addCommand(withExamples(list, [["assets list", "what can be owned here"]]))
    .addCommand(withExamples(show, [["assets show USD", "its kind and its scale"]]))
    .addCommand(
      withExamples(add, [
        ['assets add USD --name "US dollar" --kind fiat --scale 6', "counted in millionths of a dollar"],
        ["assets add BTC --name Bitcoin --kind crypto --scale 8", "counted in satoshis"],
      ]),
    );
}

async function listAssets(options: TargetOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const answer = await client.get<{ readonly assets: readonly AssetView[] }>("/api/v1/assets");
    if (answer.assets.length === 0) output.line("There is no asset.");
    else
      output.table(
        ["asset", "name", "kind", "scale"],
        answer.assets.map(({ asset, name, kind, scale }) => [asset, name, kind, scale]),
      );
    output.result(answer);
  });
}

async function addAsset(asset: string, { name, kind, scale, ...options }: AddOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const { status, body } = await client.request<AssetView>({
      method: "POST",
      path: "/api/v1/assets",
      body: { asset, name, kind: kind.toUpperCase(), scale },
    });
    output.line(status === 201 ? `${asset} is listed.` : `${asset} is listed so already.`);
    output.result(body);
  });
}
