export type { Paths } from "./api.gen.ts";
export type { BourseClient, ClientOptions } from "./client.ts";
export { bourseClient } from "./client.ts";
export type { Problem } from "./problem-error.ts";
export { answerOf, ProblemError } from "./problem-error.ts";
