import { OperationalError } from "@bourse/base";
import { StoreError } from "@bourse/store";
import type { BulkConsumption } from "./bulk/bulk-definitions.ts";
import type { EffectConsumption } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import type { FailureOptions } from "./failure-options.ts";

/**
 * A named business rule says that a record must not be applied: it is poison at once (R12). Thrown by a handler whose
 * batch can't go on; one that knows which record it is parks it by `unit.park` and spares the others another try.
 */
export class RecordRefused extends Error {
  override readonly name = "RecordRefused";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Whose fault a failed unit of work is. `record`: it may succeed on another try, and is poison after some.
 * `refused`: poison at once. `stop`: neither the record's nor a dependency that will answer later; more records would
 * fail alike. What is retryable never comes here.
 */
export type Blame = "record" | "refused" | "stop";

export function blameOf(error: unknown): Blame {
  if (error instanceof RecordRefused) return "refused";
  if (error instanceof StopSubscription) return "stop";
  if (error instanceof StoreError) return blameOfStore(error);
  return "record";
}

/** A constraint or a value of the wrong form is the record's; tables, rights and settings are not. */
function blameOfStore({ code, sqlState = "" }: StoreError): Blame {
  if (code === "constraint_violated") return "record";
  // No SQLSTATE: a value that has no form in SQL. Class 22: data; P0: raised by a function of the service's.
  const isData = sqlState === "" || sqlState.startsWith("22") || sqlState.startsWith("P0");
  return code === "statement_failed" && isData ? "record" : "stop";
}

/** What must stop a subscription whatever its policy. */
export class StopSubscription extends OperationalError {
  override readonly name = "StopSubscription";

  constructor(code: string, message: string) {
    super(code, message, { retryable: false });
  }
}

const ATTEMPTS = 5;
const PARKED_PER_MINUTE = 100;
const MAX_PARKED = 100_000;

/** A consumption's policy with every bound in place. */
export interface FailureRules {
  /** What becomes of a record that can't be applied, unless the handler itself has parked it. */
  readonly policy: "stop" | "parkKey" | "skip";
  /** How often a record is tried in all while its dependencies answer. */
  readonly attempts: number;
  /** More failures than so many in a minute stop the subscription; so does the one above `maxParked`. */
  readonly parkedPerMinute: number;
  readonly maxParked: number;
  /** What a record queues by; null: it neither holds others up nor waits. */
  readonly queueOf: (envelope: Envelope) => string | null;
  /** The queue that a record opens as it is parked; null: none. Throws where it should have one and has no key. */
  readonly queueToOpen: (envelope: Envelope) => string | null;
  /** The same, of a record that can't be decoded. */
  readonly queueToOpenRaw: (recordKey: string | null) => string | null;
}

export function failureRules(
  consumption: Pick<EffectConsumption<never> | BulkConsumption<never>, "policy"> & {
    readonly failure?: FailureOptions;
  },
): FailureRules {
  const { policy, failure = {} } = consumption;
  const { key, attempts = ATTEMPTS, parkedPerMinute = PARKED_PER_MINUTE, maxParked = MAX_PARKED } = failure;
  const queues = policy === "parkKey" || (policy === "stop" && key !== undefined);
  const queueOf = (envelope: Envelope): string | null =>
    queues ? (key === undefined ? envelope.key : key(envelope)) : null;
  const opened = (queue: string | null): string | null => {
    if (!queues || queue !== null) return queue;
    throw new StopSubscription(
      "no_key_to_park",
      "it can't be parked: it has no key that later records could queue by (R12)",
    );
  };
  return {
    policy,
    attempts,
    parkedPerMinute,
    maxParked,
    queueOf,
    queueToOpen: (envelope) => opened(queueOf(envelope)),
    queueToOpenRaw: (recordKey) => opened(queues && key === undefined ? recordKey : null),
  };
}
