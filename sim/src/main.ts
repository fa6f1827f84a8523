import { parseArgs } from "node:util";
import { crashEverywhere } from "./crash/crash-everywhere.ts";
import { reproduce } from "./crash/reproduce.ts";
import { FLOWS } from "./flows/all-flows.ts";

const USAGE = `npm run test:crash-points [-- --flow <name>]... [--at <call> --outcome <outcome>] [--workers <n>]

  without --at     every crash point of the flows (default: of all flows), with its count
  with --at        one point, told in full: how a failing line is reproduced
  --list           the flows`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      flow: { type: "string", multiple: true },
      at: { type: "string" },
      outcome: { type: "string" },
      workers: { type: "string", default: "2" },
      list: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) console.log(USAGE);
  if (values.list === true) for (const { name, about } of FLOWS) console.log(`${name.padEnd(20)} ${about}`);
  if (values.help === true || values.list === true) return 0;
  const flows = values.flow ?? FLOWS.map(({ name }) => name);
  const unknown = flows.find((name) => !FLOWS.some((flow) => flow.name === name));
  if (unknown !== undefined) throw new Error(`no flow is called ${unknown}; --list shows them`);
  if (values.at !== undefined) return await reproduce(flows[0] ?? "", Number(values.at), values.outcome);
  return await crashEverywhere(flows, Number(values.workers));
}
