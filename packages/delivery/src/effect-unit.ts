import type { BusRecord } from "@bourse/bus";
import type { Topic } from "@bourse/contracts";
import { deadLetters, parkedRows } from "./dead-letter.ts";
import type { ConsumerUnit, EffectConsumption, Effects, Unit } from "./definitions.ts";
import { type JudgedBatch, setAside } from "./effect-batch.ts";
import type { Envelope } from "./envelope.ts";
import type { ParkReason } from "./failure-options.ts";
import { type FailureRules, RecordRefused } from "./failure-policy.ts";
import { type ParkedRow, parkStatements } from "./parked-rows.ts";
import type { RecordFailure } from "./parking.ts";
import type { Tenure } from "./tenure.ts";

export interface UnitInHand<Service> {
  readonly consumption: EffectConsumption<Service>;
  readonly service: Service;
  readonly topics: ReadonlyMap<string, Topic>;
  readonly records: readonly BusRecord[];
  readonly rules: FailureRules;
  readonly tenure: Tenure;
}

/** What one transaction of a consumer comes to. */
export interface DecidedBatch {
  readonly effects: Effects;
  /** What of the batch is applied, and what is parked. */
  readonly judged: JudgedBatch;
  readonly rows: readonly ParkedRow[];
}

const NOTHING: Effects = { statements: [], events: [], result: undefined };

/**
 * The handler's effects for what is left of a batch once it has parked all that it refuses (R12), with the rows and
 * copies of what is parked.
 */
export async function decideBatch<Service>(
  inHand: UnitInHand<Service>,
  first: JudgedBatch,
  unit: Unit,
): Promise<DecidedBatch> {
  let judged = first;
  for (;;) {
    const refused = new Map<Envelope, RecordFailure>();
    const effects = await handle(inHand, judged, unit, (envelope, reason) =>
      refused.set(envelope, refusalOf(reason)),
    );
    if (refused.size === 0) return withParked(inHand, judged, effects, unit.nowMs);
    judged = setAside(judged, refused, inHand.records, inHand.rules);
  }
}

async function handle<Service>(
  { consumption, service, tenure }: UnitInHand<Service>,
  { envelopes, parkings }: JudgedBatch,
  unit: Unit,
  park: ConsumerUnit["park"],
): Promise<Effects> {
  const parked =
    parkings.length === 0 ? NONE : parkings.flatMap(({ envelope }) => (envelope === null ? [] : [envelope]));
  // An EpochStarted alone moves marks and is nobody's event (R6).
  if (envelopes.length === 0 && parked.length === 0) return NOTHING;
  const { nowMs, run } = unit;
  // Of a try before this one: it lost a race, or has refused a record.
  tenure.undone();
  let own: object | undefined;
  return await consumption.handle(service, envelopes, {
    nowMs,
    run,
    park,
    parked,
    get tenure() {
      own ??= tenure.enter();
      return own;
    },
  });
}

const NONE: readonly Envelope[] = [];

function refusalOf({ code, message }: ParkReason): RecordFailure {
  const error = new RecordRefused(code, message);
  return { code, error, attempts: 1, firstFailedMs: null };
}

function withParked<Service>(
  { consumption, topics }: UnitInHand<Service>,
  judged: JudgedBatch,
  effects: Effects,
  nowMs: number,
): DecidedBatch {
  if (judged.parkings.length === 0) return { effects, judged, rows: [] };
  const { subscription } = consumption;
  const rows = parkedRows(judged, nowMs);
  return {
    judged,
    rows,
    effects: {
      statements: [...effects.statements, ...parkStatements(subscription, nowMs, rows)],
      events: [...effects.events, ...deadLetters(subscription, rows, topics)],
      result: undefined,
    },
  };
}
