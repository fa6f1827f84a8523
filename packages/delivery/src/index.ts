export type {
  Committed,
  Consumption,
  Delivery,
  EffectConsumption,
  Effects,
  FailurePolicy,
  ShardConsumption,
  ShardProgram,
  Unit,
  ViewConsumption,
  ViewStart,
} from "./definitions.ts";
export { eventsOf } from "./definitions.ts";
export type { Envelope, NumberedEvent, OutgoingEvent } from "./envelope.ts";
