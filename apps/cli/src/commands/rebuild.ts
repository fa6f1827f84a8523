import { Argument, Command, Option } from "commander";
import { askAtTerminal } from "../ask-at-terminal.ts";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { RefusedError } from "../client-errors.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import { startProgress } from "../progress.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface RebuildOptions extends TargetOptions {
  readonly yes?: boolean;
  readonly abort?: boolean;
  readonly status?: boolean;
}

interface Status {
  readonly state: "NONE" | "BUILDING" | "SWITCHED" | "ENDED";
  readonly generation: number;
  /** null: it is not known. */
  readonly lag: number | null;
  readonly runner: { readonly state: string; readonly reason: string | null } | null;
}

interface Comparison {
  readonly sameMarks: boolean;
  readonly behind: number;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly rebuiltRows: number;
    readonly onlyInOld: number;
    readonly onlyInNew: number;
    readonly examples: readonly { readonly side: "old" | "new"; readonly row: string }[];
  }[];
}

export function rebuildCommand(): Command {
  const command = withTarget(new Command("rebuild"))
    .description(
      "Rebuild a projection from its topics while the old one serves, then let them change places (R5)",
    )
    .addArgument(new Argument("<service>", "whose projection it is").choices(["portfolio"]))
    .argument("<subscription>", "positions")
    .option("--yes", "switch and drop the old tables without asking")
    .addOption(new Option("--status", "only say where it stands").conflicts(["abort", "yes"]))
    .addOption(
      new Option("--abort", "give the new one up; the old one was never touched").conflicts(["status"]),
    )
    .action(rebuild);
  return withExamples(command, [
    ["rebuild portfolio positions", "build, compare, ask, switch, ask, drop"],
    ["rebuild portfolio positions --yes --json", "for a program; exit code 1 when nothing was switched"],
    ["rebuild portfolio positions --abort", "leave everything as it was"],
  ]);
}

async function rebuild(service: string, subscription: string, options: RebuildOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const desk = new Desk(
      client,
      `/api/v1/rebuilds/${encodeURIComponent(service)}/${encodeURIComponent(subscription)}`,
    );
    if (options.status === true) return tell(output, subscription, await desk.status());
    if (options.abort === true) return tell(output, subscription, await desk.act("abort"));
    const confirm = options.yes === true ? async () => true : askAtTerminal();
    const compared = await built(desk, output);
    if (compared !== null && !(await confirm("Let the new tables take the place of the old ones?"))) {
      output.line(
        "Nothing was switched; the new generation goes on: the same command comes back to it, --abort gives it up.",
      );
      output.result({ switched: false, compared });
      process.exitCode = EXIT.failed;
      return;
    }
    const orTold = <T>(step: Promise<T>): Promise<T> =>
      step.catch((error) => tellWhy(error, desk, { output, subscription }));
    const switched = compared === null ? null : await orTold(desk.switch());
    if (switched !== null)
      output.line(`Switched; ${grouped(switched.republished)} changed rows are published again.`);
    const dropped = await confirm("Drop the old tables?");
    if (dropped) await orTold(desk.act("drop"));
    output.line(dropped ? "The old tables are gone." : "The old tables stay; the same command drops them.");
    output.result({ switched: true, compared, republished: switched?.republished ?? 0, dropped });
  });
}

/** Until the new generation has caught up; its comparison. null: it was switched before. */
async function built(desk: Desk, output: Output): Promise<Comparison | null> {
  if ((await desk.status()).state === "SWITCHED") return null;
  let { lag, runner } = await desk.act("start");
  const total = lag ?? 0;
  const progress = startProgress(output, { title: "rebuild", unit: "records", total });
  try {
    while (lag === null || lag > 0) {
      if (runner?.state === "stopped")
        throw new CliError(EXIT.failed, `the new generation has stopped: ${runner.reason}`);
      progress.at(Math.max(0, total - (lag ?? total)));
      await pause();
      // A service that has restarted meanwhile goes on with it once it is asked to.
      ({ lag, runner } = runner === null ? await desk.act("start") : await desk.status());
    }
  } finally {
    progress.end();
  }
  const compared = await desk.compare();
  output.table(
    ["table", "rows", "rebuilt", "only in the old", "only in the new"],
    compared.tables.map((each) => [
      each.table,
      grouped(each.rows),
      grouped(each.rebuiltRows),
      grouped(each.onlyInOld),
      grouped(each.onlyInNew),
    ]),
  );
  for (const { examples } of compared.tables)
    for (const { side, row } of examples) output.line(`  ${side}: ${row}`);
  if (!compared.sameMarks)
    output.line("Trades went on while it was compared: rows that they changed are among the differences.");
  return compared;
}

function tell(output: Output, subscription: string, status: Status): void {
  output.line(wordsOf(subscription, status));
  output.result(status);
}

function wordsOf(subscription: string, { state, generation, lag, runner }: Status): string {
  const behind = lag === null ? "it is not known how far behind" : `${grouped(lag)} records behind`;
  const about = state === "BUILDING" ? `, ${behind}, ${runner?.state ?? "not running here"}` : "";
  return `${subscription}, generation ${generation}: ${state.toLowerCase()}${about}`;
}

/** What doesn't fit the state any more was done by somebody else meanwhile: where it stands says what. */
async function tellWhy(
  error: unknown,
  desk: Desk,
  { output, subscription }: { readonly output: Output; readonly subscription: string },
): Promise<never> {
  if (error instanceof RefusedError && error.problem.code === "conflict") {
    const status = await desk.status();
    if (status.state !== "BUILDING")
      output.note(`Somebody else was faster. ${wordsOf(subscription, status)}`);
  }
  throw error;
}

const SWITCH_TRIES = 50;

class Desk {
  readonly #client: GatewayClient;
  readonly #path: string;

  constructor(client: GatewayClient, path: string) {
    this.#client = client;
    this.#path = path;
  }

  status(): Promise<Status> {
    return this.#client.get<Status>(this.#path);
  }

  act(action: "start" | "drop" | "abort"): Promise<Status> {
    return this.#client.post<Status>(this.#path, { action });
  }

  compare(): Promise<Comparison> {
    return this.#client.post<Comparison>(this.#path, { action: "compare" });
  }

  /** The two meet only at a moment when both have applied the same: until then it is asked again. */
  async switch(): Promise<{ readonly republished: number }> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#client.post(this.#path, { action: "switch" });
      } catch (error) {
        const isBehind = error instanceof RefusedError && error.problem.code === "rebuild_behind";
        if (!isBehind || tries === SWITCH_TRIES) throw error;
        await pause();
      }
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200));
}
