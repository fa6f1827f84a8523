export { auditedCommit, auditRequest } from "./audit-request.ts";
export { checkWhole } from "./check-whole.ts";
export type { VariableDocument } from "./config.ts";
export {
  ConfigError,
  configVariables,
  type Environment,
  HostConfig,
  readConfig,
  redactConfig,
} from "./config.ts";
export type {
  Access,
  AnswerCommit,
  AnyRoute,
  AnyServiceDefinition,
  Authenticated,
  CommittedAnswer,
  Directory,
  DirectoryEntry,
  IdempotencyRule,
  Invariant,
  InvariantReport,
  Job,
  PeerRequest,
  Peers,
  RecoveryDefinition,
  Route,
  RouteRequest,
  ServiceDefinition,
  Shell,
} from "./definition.ts";
export { defineService } from "./definition.ts";
export type { DirectoryOptions, LocalService, PlatformDirectory } from "./directory.ts";
export { createDirectory } from "./directory.ts";
export { errorsDocument } from "./errors-document.ts";
export { Findings } from "./findings.ts";
export type { Gather, GatherOptions, QueueFull } from "./gather.ts";
export { gather, isQueueFull } from "./gather.ts";
export { faultsInWords } from "./http/fault-words.ts";
export { refuseFields } from "./http/request-schemas.ts";
export { RequestTime } from "./http/request-time.ts";
export type { IdRange } from "./id-ranges.ts";
export { idRange, isInRange } from "./id-ranges.ts";
export { createLogger } from "./logging.ts";
export { NewestReading } from "./newest-reading.ts";
export { openApiDocument } from "./openapi.ts";
export type { PeerErrorCode } from "./peer-error.ts";
export { PeerError } from "./peer-error.ts";
export { INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER, refuseForeignAccount } from "./principal.ts";
export type { FieldError, ProblemAnswer, ProblemDetails } from "./problem.ts";
export { isProblem, problem, refuseCursor } from "./problem.ts";
export type { ProblemCode, ProblemEntry } from "./problem-catalogue.ts";
export { isProblemCode, problemCatalogue } from "./problem-catalogue.ts";
export { publishedTopics } from "./published-topics.ts";
export type { RouteAnswer } from "./route-answer.ts";
export type { RunningService } from "./run-service.ts";
export { runService } from "./run-service.ts";
export type { PoolName, Runtime } from "./runtime.ts";
export { isToCome, type Phase, type Quiet, type ServiceStatus } from "./status.ts";
export { tablesOwner } from "./tables-owner.ts";
export { currentTraceparent, inSpan, startTracing, type Tracing } from "./tracing.ts";
export { unchangingContent } from "./unchanging-content.ts";
