export { ConsoleError } from "./serve/console-error.ts";
export type { ConsoleOptions, RunningConsole } from "./serve/start-console.ts";
export { CONSOLE_PORT, startConsole } from "./serve/start-console.ts";
