import {
  AccountId,
  Count,
  executionEvents,
  OrderId,
  orderEvents,
  rfc3339,
  Timestamp,
  type TopicEvent,
} from "@bourse/contracts";
import {
  addVoided,
  type Envelope,
  readBroken,
  readVoided,
  replayTopic,
  type VoidedCommand,
} from "@bourse/delivery";
import { problem, type Route, type RouteAnswer, type RouteRequest } from "@bourse/host";
import { Type } from "typebox";
import { folderOf, type Matching } from "../matching.ts";

const Partition = Type.Integer({ minimum: 0, maximum: orderEvents.partitions - 1 });
const VoidBody = Type.Object({
  partition: Partition,
  sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  reason: Type.String({ minLength: 1, maxLength: 256 }),
});
const VoidView = Type.Object({
  partition: Partition,
  sequence: Count,
  reason: Type.String(),
  who: Type.String(),
  at: Timestamp,
});

/** The command, for the operator who must deal with the consequences. Absent if retention has dropped it. */
const VoidedView = Type.Interface([VoidView], {
  command: Type.Optional(
    Type.Object({
      eventType: Type.String(),
      orderId: Type.Optional(OrderId),
      accountId: Type.Optional(AccountId),
      clientOrderId: Type.Optional(Type.String()),
      /** Of an exit: its entry, which may wait for it. */
      parentOrderId: Type.Optional(OrderId),
    }),
  ),
});

type VoidBody = { readonly partition: number; readonly sequence: number; readonly reason: string };

/** R8: operators void commands that break the engine; the file is kept with the snapshots. */
export const voidRoutes: readonly Route<Matching>[] = [
  {
    method: "POST",
    path: "/api/v1/matching/voids",
    summary: "Void a command that has stopped its partition: the engine rejects it and goes on",
    access: "operator",
    idempotency: { natural: "partition and sequence" },
    body: VoidBody,
    answers: { 200: VoidedView, 201: VoidedView },
    problems: ["not_found", "conflict"],
    examples: [{ partition: 3, sequence: 17, reason: "ticket 4711" }],
    handle: voidCommand,
  },
  {
    method: "GET",
    path: "/api/v1/matching/voids",
    summary: "The commands that were voided, with who did it and why",
    access: "operator",
    answers: { 200: Type.Object({ voids: Type.Array(VoidView) }) },
    handle: async (matching) => {
      const voids = [];
      for (let partition = 0; partition < orderEvents.partitions; partition++)
        for (const command of await readVoided(folderOf(matching, partition)))
          voids.push({ partition, ...command });
      return { status: 200, body: { voids } };
    },
  },
];

/** An applied command can't be undone: only one without an outcome may be voided. */
async function voidCommand(matching: Matching, request: RouteRequest): Promise<RouteAnswer> {
  const { partition, sequence, reason } = request.body as VoidBody;
  const folder = folderOf(matching, partition);
  const known = (await readVoided(folder)).find((each) => each.sequence === sequence);
  const command = await findCommand(matching, partition, sequence);
  if (known !== undefined) return { status: 200, body: voidedView(partition, known, command) };
  if (command === null)
    return problem(
      "not_found",
      `${orderEvents.name}/${partition} has no command with the number ${sequence}`,
    );
  if (matching.programs.has(partition))
    return problem("conflict", `partition ${partition} runs: only what has stopped it can be voided`);
  const outcome = await firstOutcomeFrom(matching, partition, sequence);
  if (outcome !== null)
    return problem(
      "conflict",
      `the engine is past it: ${executionEvents.name}/${partition} has the outcome of number ${outcome}`,
    );
  // R8: the owner of the partition says so, and that may be another instance. The note is dropped before a takeover.
  const broken = await readBroken(folder);
  if (broken === null)
    return problem(
      "conflict",
      `partition ${partition} has not stopped on a command, or is being taken over: \`bourse status\` tells`,
    );
  if (broken.sequence !== sequence)
    return problem(
      "conflict",
      `partition ${partition} has stopped on number ${broken.sequence}: only that one can be voided`,
    );
  const who = request.principal?.keyId ?? "operator";
  const voided = { sequence, reason, who, at: rfc3339(matching.clock.nowMs()) };
  await addVoided(folder, voided);
  return { status: 201, body: voidedView(partition, voided, command) };
}

function voidedView(partition: number, voided: VoidedCommand, command: Envelope | null): object {
  if (command === null) return { partition, ...voided };
  const { eventType, orderId, accountId, clientOrderId, parentOrderId } = command.event as Readonly<
    Record<string, string | undefined>
  >;
  const named = Object.entries({ eventType, orderId, accountId, clientOrderId, parentOrderId });
  const told = Object.fromEntries(named.filter(([, value]) => value !== undefined));
  return { partition, ...voided, command: told };
}

/** A market that has gone on behind a missing output (decision 0063) can stop on a command all the same. */
const PASSING_OVER = { passOver: () => undefined };

async function findCommand({ bus }: Matching, partition: number, sequence: number): Promise<Envelope | null> {
  for await (const batch of replayTopic(bus, orderEvents, partition, PASSING_OVER)) {
    const command = batch.find((each) => each.sequence === sequence);
    if (command !== undefined) return command;
  }
  return null;
}

/** The number of the first command at or behind `sequence` that has an outcome. */
async function firstOutcomeFrom(
  { bus }: Matching,
  partition: number,
  sequence: number,
): Promise<number | null> {
  for await (const batch of replayTopic(bus, executionEvents, partition, PASSING_OVER)) {
    for (const { event } of batch as readonly Envelope<TopicEvent<typeof executionEvents>>[])
      if (event.eventType !== "MarketStatusChanged" && event.commandSequence >= sequence)
        return event.commandSequence;
  }
  return null;
}
