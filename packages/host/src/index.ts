export type {
  Access,
  Invariant,
  InvariantReport,
  Job,
  PeerRequest,
  Peers,
  Route,
  RouteAnswer,
  RouteRequest,
  ServiceDefinition,
  Shell,
} from "./definition.ts";
export { defineService } from "./definition.ts";
export type { FieldError, ProblemAnswer, ProblemDetails } from "./problem.ts";
