import { auditTopic, orderEvents, rfc3339 } from "@bourse/contracts";
import { auditEvent, isRowsMoved, type OutgoingEvent } from "@bourse/delivery";
import { type Gather, gather } from "@bourse/host";
import { StoreError } from "@bourse/store";
import { check, instrumentOf } from "./checks.ts";
import type { Desk } from "./desk.ts";
import { type Answer, type Job, refusedAnswer } from "./domain/job.ts";
import { planRound, type Step } from "./domain/plan-round.ts";
import { isRetryable, type Refusal } from "./domain/refusal.ts";
import { RoundLine, type Turn } from "./domain/round-line.ts";
import { isForNow, type Settled, settleRound, type Verdicts } from "./domain/settle-round.ts";
import { orderUpdate, partitionOfSymbol, tellEngine } from "./engine-log.ts";
import { type Look, lookAtAll, lookAtLittle } from "./look.ts";
import { insertCommands } from "./sql/command-rows.ts";
import { checkOpen, insertOrders, insertTombstones, selectOrders } from "./sql/order-rows.ts";
import { keepAboveFloor, readOpenFloor } from "./sql/resting-rows.ts";

/** Cancels are taken also when the queue is full for everything else (R14): this many more. */
const CANCEL_RESERVE = 50_000;
/** A round that keeps meeting rows of others is given up: its outcome is then unknown. */
const MAX_TRIES = 5;

const AUDIT = auditTopic("order");

/** Fewer wait for the batch before them. */
const OVERLAP_FROM = 64;

/** Written one batch after the other, so that what an account sends keeps its order. */
export function openDoor(desk: Omit<Desk, "door">): Gather<Job, Answer> {
  const line = new RoundLine();
  return gather<Job, Answer>({
    maxBatch: desk.config.ORDER_MAX_BATCH,
    maxQueued: desk.config.ORDER_MAX_QUEUED + CANCEL_RESERVE,
    maxInFlight: 2,
    overlapFrom: OVERLAP_FROM,
    run: (jobs) => runInTurn(desk as Desk, jobs, line.enter(jobs)),
  });
}

async function runInTurn(desk: Desk, jobs: readonly Job[], turn: Turn): Promise<readonly Answer[]> {
  try {
    await turn.mayLook;
    return await runJobs(desk, jobs, turn.mayWrite);
  } finally {
    turn.end();
  }
}

/** Runs jobs in rounds; a round answers at least the first of what is left. Nothing is written before `mayWrite`. */
export async function runJobs(
  desk: Desk,
  jobs: readonly Job[],
  mayWrite: Promise<void>,
): Promise<readonly Answer[]> {
  let answers: readonly Answer[] = [];
  while (answers.length < jobs.length) {
    const rest = answers.length === 0 ? jobs : jobs.slice(answers.length);
    const round = await runContained(desk, rest, mayWrite);
    breakChains(rest, round);
    answers = answers.length === 0 ? round : [...answers, ...round];
  }
  count(desk, jobs, answers);
  return answers;
}

/** What comes in later rounds of a chain is not done either. */
function breakChains(jobs: readonly Job[], answers: readonly Answer[]): void {
  answers.forEach((answer, index) => {
    const chain = jobs[index]?.chain;
    if (chain !== undefined && isForNow(answer)) chain.broken ??= answer.refusal;
  });
}

/** A job that nothing can be done with must not take its neighbours with it: the batch is halved around it. */
async function runContained(
  desk: Desk,
  jobs: readonly Job[],
  mayWrite: Promise<void>,
): Promise<readonly Answer[]> {
  try {
    return await runRound(desk, jobs, mayWrite);
  } catch (error) {
    if (jobs.length > 1) {
      desk.metrics.replans.inc({ why: "halved" });
      return await runContained(desk, jobs.slice(0, Math.ceil(jobs.length / 2)), mayWrite);
    }
    desk.log.error({ err: error, job: jobs[0] }, "a job could not be done");
    return [refusedAnswer(unknownOutcome("the request met an error of ours"))];
  }
}

/**
 * One round: what is known, the plan, risk, wallet, one transaction. Where another instance, a clean-up or an earlier
 * try of the same round was faster, the insert breaks a key: then everything is read and planned again, and what is
 * there by now is answered as it is (R10). A COMMIT with unknown outcome is read back in the same way (R5).
 */
async function runRound(
  desk: Desk,
  jobs: readonly Job[],
  mayWrite: Promise<void>,
): Promise<readonly Answer[]> {
  let tried: readonly Settled[] = [];
  let steps: readonly Step[] = [];
  let verdicts: Verdicts = [];
  let mayBeCommitted = false;
  let floorMayHavePassed = false;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
    try {
      // Rows of an earlier try are this round's own only where its COMMIT may have succeeded.
      if (!mayBeCommitted) tried = [];
      // Orders as old as that are late, or a clock was set back.
      if (floorMayHavePassed) desk.resting.announcedMs = (await readOpenFloor(desk.store)).announcedMs;
      const askedMs = desk.clock.nowMs();
      const look = attempt === 1 ? await lookAtLittle(desk, jobs) : await lookAtAll(desk, jobs, tried);
      steps = planRound(jobs, look.known, { ms: askedMs, text: rfc3339(askedMs) });
      verdicts = await check(desk, steps);
      await mayWrite;
      // Risk counts on an approval being used within the window or never (R14).
      if (desk.clock.nowMs() - askedMs > desk.config.ORDER_ACCEPT_WINDOW_MS) {
        desk.metrics.replans.inc({ why: "late" });
        continue;
      }
      const settled = settleRound(steps, verdicts, jobs);
      if (await meetsItsOwn(desk, jobs, settled, look)) {
        desk.metrics.replans.inc({ why: "placed_before" });
        continue;
      }
      tried = [...tried, settled];
      await write(desk, settled, look);
      for (const order of settled.orders) if (order.refusal !== null) desk.refused.add(order.orderId);
      for (const { orderId } of settled.tombstones) desk.refused.add(orderId);
      desk.metrics.roundJobs.observe(steps.length);
      return settled.answers;
    } catch (error) {
      const why = whyPlannedAgain(error);
      if (why === null) break;
      if (why === "commit_unknown") mayBeCommitted = true;
      floorMayHavePassed ||= why === "rows_moved";
      desk.metrics.replans.inc({ why });
    }
  }
  return databaseAway(jobs, steps, verdicts);
}

/** null: the database does not answer. Throws what no other plan mends. */
function whyPlannedAgain(error: unknown): string | null {
  if (!(error instanceof StoreError)) throw error;
  if (isRowsMoved(error)) return "rows_moved";
  const { code, constraint = "" } = error;
  if (code === "statement_failed") throw error;
  if (code === "constraint_violated" && !PLANNED_KEYS.has(constraint)) throw error;
  return code === "constraint_violated" || code === "commit_unknown" ? code : null;
}

/** The keys that may be taken by the time a round is written. */
const PLANNED_KEYS: ReadonlySet<string> = new Set([
  "orders_pkey",
  "commands_pkey",
  "commands_amends",
  "raises_in_flight_pkey",
]);

/** What is not written can't meet its own row: a placement that is there is answered as it is (R10). */
async function meetsItsOwn(
  desk: Desk,
  jobs: readonly Job[],
  { answers, orders }: Settled,
  { unread }: Look,
): Promise<boolean> {
  const unmade = new Set<string>();
  answers.forEach((answer, index) => {
    const job = jobs[index];
    // What was created here is among the new rows.
    if (answer.kind !== "created" && job?.kind === "place" && unread.has(job.orderId))
      unmade.add(job.orderId);
  });
  if (unmade.size === 0) return false;
  for (const order of orders) unmade.delete(order.orderId);
  return unmade.size > 0 && (await desk.store.query(selectOrders([...unmade]))).length > 0;
}

/** Rows and events of a round in one transaction; the engine's lag is counted from here. */
async function write(desk: Desk, settled: Settled, { believed }: Look): Promise<void> {
  const { orders, tombstones, commands, engine, audited } = settled;
  if (orders.length + tombstones.length + commands.length === 0) return;
  const events: OutgoingEvent[] = [];
  for (const command of engine) tellEngine(command, instrumentOf(desk, symbolOf(command)), events);
  // An accepted order is announced by its OrderCreated; only what the engine never hears of needs word of its own.
  for (const order of orders)
    if (order.status !== "PENDING") events.push(orderUpdate(order, instrumentOf(desk, order.terms.symbol)));
  for (const [{ keyId, requestId }, deeds] of audited) {
    const actor = { id: keyId, role: "operator" };
    for (const [kind, subjects] of deeds)
      events.push(auditEvent(AUDIT, { actor, action: `orders.${kind}`, subjects, requestId }));
  }
  const { numbered } = await desk.delivery.commit("orders and commands", async ({ nowMs }) => ({
    statements: [
      ...checkOpen(commands.map((command) => command.orderId).filter((orderId) => believed.has(orderId))),
      ...insertOrders(orders, partitionOfSymbol),
      ...keepAboveFloor(orders, desk.resting.announcedMs),
      ...insertTombstones(tombstones),
      ...insertCommands(commands, partitionOfSymbol, nowMs),
    ],
    events,
    result: undefined,
  }));
  trackLag(desk, numbered);
  desk.known.keep(orders);
}

/** From now on the engine owes an outcome for these. */
export function trackLag(
  desk: Pick<Desk, "lag" | "clock">,
  numbered: readonly { readonly topic: string; readonly partition: number; readonly sequence: number }[],
): void {
  const last: number[] = [];
  for (const { topic, partition, sequence } of numbered)
    if (topic === orderEvents.name) last[partition] = Math.max(sequence, last[partition] ?? 0);
  // Partitions without an event are holes, which forEach passes over.
  last.forEach((sequence, partition) => {
    desk.lag.committed(partition, sequence, desk.clock.nowMs());
  });
}

function symbolOf(command: Settled["engine"][number]): string {
  return command.kind === "create" ? command.order.terms.symbol : command.command.symbol;
}

/**
 * The database does not answer. What was decided without it stands; what may be held or committed is unknown, and
 * only the same key can still make it (R10); where nothing was begun, nothing was done.
 */
function databaseAway(jobs: readonly Job[], steps: readonly Step[], verdicts: Verdicts): readonly Answer[] {
  if (steps.length === 0)
    return jobs.map(() =>
      refusedAnswer({ code: "store_unavailable", detail: "the database does not answer; nothing was done" }),
    );
  return steps.map((step, index) => {
    if (step.kind === "answered") return step.answer;
    const verdict = verdicts[index];
    // What may be tried again was not to be written anyway.
    const known = verdict?.kind === "refused" && isRetryable(verdict.refusal.code);
    return refusedAnswer(known ? verdict.refusal : DATABASE_AWAY);
  });
}

function unknownOutcome(detail: string): Refusal {
  return { code: "outcome_unknown", detail };
}

const DATABASE_AWAY = unknownOutcome(
  "the database does not answer, or not in time; send again with the same key, or ask for the order",
);

/** The library hashes labels at every call, and most answers of a round are alike: each run of them is counted at once. */
function count(desk: Desk, jobs: readonly Job[], answers: readonly Answer[]): void {
  let begin = 0;
  for (let index = 0; index < answers.length; index++) {
    const kind = answers[index]?.kind as Answer["kind"];
    const job = jobs[index]?.kind as Job["kind"];
    if (kind === answers[index + 1]?.kind && job === jobs[index + 1]?.kind) continue;
    desk.metrics.answers.inc({ job, answer: kind }, index + 1 - begin);
    begin = index + 1;
  }
  for (const answer of answers)
    if (answer.kind === "refused") desk.metrics.refusals.inc({ code: answer.refusal.code });
}

/** R14: why placements and amendments are not taken now. Cancels are never asked. */
export function admission(desk: Desk): Refusal | null {
  const oldestMs = desk.lag.oldestMs(desk.clock.nowMs());
  if (oldestMs > desk.config.ORDER_MAX_INPUT_LAG_MS)
    return {
      code: "engine_lag",
      detail: `matching is ${oldestMs} ms behind; nothing was done, cancels are taken`,
    };
  if (desk.door.queued >= desk.config.ORDER_MAX_QUEUED)
    return { code: "queue_full", detail: `${desk.door.queued} orders and commands wait; nothing was done` };
  return null;
}
