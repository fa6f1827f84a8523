import type { Row } from "@bourse/store";
import type { Decoder } from "./decode.ts";
import type { EffectConsumption, Effects, Unit } from "./definitions.ts";
import type { Envelope } from "./envelope.ts";
import { RecordRefused } from "./failure-policy.ts";
import { busRecordOf } from "./parked-queries.ts";

/** As many rows, from the first on, as are applied. */
export interface Redone {
  readonly count: number;
  readonly effects: Effects;
  /** After the commit. */
  readonly committed: () => void;
}

interface EffectSubscribed<Service> {
  readonly service: Service;
  readonly consumption: EffectConsumption<Service>;
  readonly decode: Decoder;
}

/** Parked rows through their handler, in a unit that holds their partition. */
export async function redoEffect<Service>(
  { service, consumption, decode }: EffectSubscribed<Service>,
  rows: readonly Row[],
  { nowMs, run }: Unit,
): Promise<Redone> {
  // What can't be decoded has its turn alone, behind those before it.
  const envelopes = readable(rows, decode);
  if (envelopes.length === 0) decode(busRecordOf(rows[0] as Row));
  const effects = await consumption.handle(service, envelopes, {
    nowMs,
    run,
    park: (_, { code, message }) => {
      throw new RecordRefused(code, message);
    },
    parked: [],
    tenure: {},
  });
  return {
    count: envelopes.length,
    effects,
    committed: () => consumption.committed?.(service, envelopes, []),
  };
}

/** As many rows from the first on as can be decoded. */
function readable(rows: readonly Row[], decode: Decoder): readonly Envelope[] {
  const envelopes: Envelope[] = [];
  for (const row of rows) {
    try {
      envelopes.push(decode(busRecordOf(row)));
    } catch {
      return envelopes;
    }
  }
  return envelopes;
}
