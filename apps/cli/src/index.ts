export { type ApiRequest, GatewayClient } from "./client.ts";
export { RefusedError, UnreachableError } from "./client-errors.ts";
export { EXIT } from "./exit-codes.ts";
export { Output } from "./output.ts";
export { type Patience, patienceOf } from "./patience.ts";
export { type PrivatePlatform, startPrivatePlatform } from "./replay/private-platform.ts";
export { type Replayed, type ReplayOptions, replayRecording } from "./replay/replay.ts";
export { isGood, type ReplayReport } from "./replay/report.ts";
export {
  checkInvariants,
  type RuleReport,
  type VerifyReport,
  verifyReport,
} from "./verify/check-invariants.ts";
export { waitUntilQuiet } from "./verify/wait-until-quiet.ts";
