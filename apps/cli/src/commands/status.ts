import { type Refusal, readRefusals } from "@bourse/platform/refusals";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import type { GatewayClient } from "../client.ts";
import { UnreachableError } from "../client-errors.ts";
import { dataFolderOf } from "../data-folder.ts";
import { EXIT } from "../exit-codes.ts";
import { withExamples } from "../help.ts";
import { grouped, type Output } from "../output.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";
import { totalLag } from "../total-lag.ts";

interface StatusOptions extends TargetOptions {
  readonly watch?: boolean;
}

interface Subscription {
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: string | null;
  /** null: it is not known where the log ends. */
  readonly lag: number | null;
}

interface ServiceStatus {
  readonly service: string;
  readonly url: string;
  readonly error?: string;
  readonly phase?: string;
  readonly unready?: readonly string[];
  readonly requestsInFlight?: number;
  readonly delivery?: {
    readonly subscriptions: readonly Subscription[];
    /** What is left in partitions of other instances, or of nobody. */
    readonly elsewhere: readonly { readonly lag: number }[];
    readonly outboxBacklog: number;
  };
}

interface ServiceLine {
  readonly service: string;
  readonly url: string;
  readonly ready: boolean;
  readonly state: string;
  readonly lag: number | null;
  readonly consumedPerSecond: number;
  readonly outbox: number;
  readonly inFlight: number;
}

/** Between the two looks that a throughput needs. */
const LOOK_MS = 1_000;

export function statusCommand(): Command {
  const command = withTarget(new Command("status"))
    .description("Show every service: whether it takes work, how far it is behind, how fast it goes")
    .option("--watch", "show it again and again, until Ctrl-C")
    .action(status);
  return withExamples(command, [
    ["status", "all services"],
    ["status --watch", "while you do something else"],
    ["status --json", "for a program; exit code 1 when something is not ready"],
  ]);
}

async function status(options: StatusOptions): Promise<void> {
  const refusals = readRefusals(dataFolderOf(options.data));
  try {
    await watch(options, refusals);
  } catch (error) {
    // R6: nothing answers because a service refused to start; why is what the person wants to know.
    if (!(error instanceof UnreachableError) || refusals.length === 0) throw error;
    throw new CliError(EXIT.restored, refusals.map(({ message }) => message).join("\n"), { cause: error });
  }
}

async function watch(options: StatusOptions, refusals: readonly Refusal[]): Promise<void> {
  await withClient(options, async (client, output) => {
    let earlier = await look(client);
    do {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      const now = await look(client);
      const lines = compare(earlier, now).map((line) => withRefusal(line, refusals));
      if (options.watch === true && process.stdout.isTTY) process.stdout.write("\x1b[2J\x1b[H");
      print(output, lines);
      const ready = lines.every((line) => line.ready);
      output.result({ ready, services: lines });
      process.exitCode = ready ? EXIT.ok : EXIT.failed;
      earlier = now;
    } while (options.watch === true);
  });
}

/** A service that does not answer may have said why it did not start. */
function withRefusal(line: ServiceLine, refusals: readonly Refusal[]): ServiceLine {
  const refusal = line.ready ? undefined : refusals.find(({ service }) => service === line.service);
  return refusal === undefined ? line : { ...line, state: refusal.message };
}

interface Look {
  readonly atMs: number;
  readonly services: readonly ServiceStatus[];
}

async function look(client: GatewayClient): Promise<Look> {
  const { services } = await client.get<{ services: readonly ServiceStatus[] }>("/api/v1/platform/status");
  return { atMs: performance.now(), services };
}

export function compare(earlier: Look, now: Look): readonly ServiceLine[] {
  const seconds = (now.atMs - earlier.atMs) / 1_000;
  return now.services.map((service) => {
    const { delivery, unready = [], error, phase = "unknown" } = service;
    const before = earlier.services.find((each) => each.service === service.service);
    const consumed = consumedOf(delivery?.subscriptions ?? [], before?.delivery?.subscriptions ?? []);
    return {
      service: service.service,
      url: service.url,
      ready: error === undefined && phase === "ready" && unready.length === 0,
      state: error ?? (unready.length === 0 ? phase : unready.join("; ")),
      lag: totalLag(
        [...(delivery?.subscriptions ?? []), ...(delivery?.elsewhere ?? [])].map(({ lag }) => lag),
      ),
      consumedPerSecond: Math.round(consumed / seconds),
      outbox: delivery?.outboxBacklog ?? 0,
      inFlight: service.requestsInFlight ?? 0,
    };
  });
}

function consumedOf(now: readonly Subscription[], before: readonly Subscription[]): number {
  const keyOf = ({ subscription, topic, partition }: Subscription): string =>
    `${subscription} ${topic} ${partition}`;
  const offsets = new Map(before.map((each) => [keyOf(each), each.nextOffset]));
  return now.reduce((sum, each) => {
    const from = offsets.get(keyOf(each));
    return from === undefined || from === null || each.nextOffset === null
      ? sum
      : sum + Number(each.nextOffset) - Number(from);
  }, 0);
}

function print(output: Output, lines: readonly ServiceLine[]): void {
  output.table(
    ["service", "state", "behind", "events/s", "to publish", "in flight", "at"],
    lines.map((line) => [
      line.service,
      line.state,
      line.lag === null ? "unknown" : grouped(line.lag),
      grouped(line.consumedPerSecond),
      grouped(line.outbox),
      grouped(line.inFlight),
      line.url,
    ]),
  );
}
