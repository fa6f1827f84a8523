export { assert, assertSafeInteger, InvariantError, present, unreachable } from "./assert.ts";
export type { Branded } from "./brand.ts";
export type { DecimalFault, FixedPointFault } from "./decimal.ts";
export {
  DECIMAL_MAX_LENGTH,
  DECIMAL_PATTERN,
  decimalUnits,
  formatDecimal,
  formatFixedPoint,
  parseDecimal,
  parseFixedPoint,
  powerOfTen,
} from "./decimal.ts";
export type { ByteMemory, GrowingBytesBounds } from "./growing-bytes.ts";
export { GrowingBytes } from "./growing-bytes.ts";
export { LastUsed } from "./last-used.ts";
export { OperationalError } from "./operational-error.ts";
export type { AbortSignalLike, Clock, Random, Timer } from "./ports.ts";
export { seededRandom } from "./random.ts";
export type { Ok, Refused, Result } from "./result.ts";
export { ok, refused } from "./result.ts";
export type { RetentionHour } from "./retention-clock.ts";
export { RetentionClock } from "./retention-clock.ts";
export { settledWithin } from "./settled-within.ts";
export type { Steps } from "./steps.ts";
export { inOneTurn, inTurns, StepCount } from "./steps.ts";
export { parseTime } from "./time.ts";
