import { type DestinationStream, type Logger, pino } from "pino";

/** Keys whose values never reach a log, at the top and one level down. */
const SECRET_KEYS = [
  "authorization",
  "cookie",
  "password",
  "secret",
  "token",
  "apiKey",
  "key",
  "internalToken",
  "x-bourse-internal",
  "DATABASE_URL",
];

/**
 * JSON lines on standard output: `{level, time, service, msg, ...}`. One is made for the process; each service's is a
 * child of it. Requests are counted and traced, not logged: only at `debug`, and what fails at `error`.
 */
export function createLogger(options: {
  readonly level: string;
  readonly destination?: DestinationStream;
}): Logger {
  const settings = {
    level: options.level,
    base: null,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`]),
      censor: "[redacted]",
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
