import { Argument, Command } from "commander";
import { wholeNumber, withExamples } from "../help.ts";
import { type TargetOptions, withClient, withTarget } from "../target.ts";

interface VoidOptions extends TargetOptions {
  readonly reason: string;
}

interface Voided {
  readonly partition: number;
  readonly sequence: number;
  readonly reason: string;
  readonly who: string;
  readonly at: string;
  /** Absent where retention has dropped it. */
  readonly command?: {
    readonly eventType: string;
    readonly orderId?: string;
    readonly accountId?: string;
    readonly clientOrderId?: string;
    readonly parentOrderId?: string;
  };
}

export function voidCommand(): Command {
  const command = withTarget(new Command("void"))
    .description("Have the engine reject a command that has stopped its partition (R8)")
    .addArgument(new Argument("<partition>", "of order-events").argParser(wholeNumber(0, 100_000)))
    .addArgument(
      new Argument("<sequence>", "the command's number in it").argParser(
        wholeNumber(1, Number.MAX_SAFE_INTEGER),
      ),
    )
    .requiredOption("--reason <text>", "why, for those who look later")
    .action(voidOne);
  return withExamples(command, [
    ['void 3 17 --reason "ticket 4711"', "the command that `bourse status` names"],
    ['void 3 17 --reason "ticket 4711" --json', "for a program; exit code 4 when the engine is past it"],
  ]);
}

async function voidOne(partition: number, sequence: number, options: VoidOptions): Promise<void> {
  await withClient(options, async (client, output) => {
    const body = { partition, sequence, reason: options.reason };
    const voided = await client.post<Voided>("/api/v1/matching/voids", body, { timeoutMs: TIMEOUT_MS });
    output.line(
      `Number ${voided.sequence} of order-events/${voided.partition} is void since ${voided.at}, by ${voided.who}: ` +
        `${voided.reason}. Its partition begins anew within a second; \`bourse status\` tells.`,
    );
    for (const line of followUp(voided)) output.line(line);
    output.result(voided);
  });
}

/** Whose it was, and what hangs on it. */
function followUp({ command }: Voided): readonly string[] {
  if (command === undefined) return [];
  const { eventType, orderId, accountId, clientOrderId, parentOrderId } = command;
  const lines = [
    `It was ${eventType}${orderId === undefined ? "" : ` of order ${orderId}`}` +
      `${clientOrderId === undefined ? "" : ` (${clientOrderId})`}${accountId === undefined ? "" : ` of ${accountId}`}.`,
  ];
  if (parentOrderId !== undefined)
    lines.push(
      `It was an exit of order ${parentOrderId}, which is cancelled if it awaits its exits, and else goes on without it: ` +
        `\`bourse order show ${parentOrderId}\`.`,
    );
  return lines;
}

/** The partition's log is read for it. */
const TIMEOUT_MS = 120_000;
