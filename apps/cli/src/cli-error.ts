import type { PlatformErrorCode } from "@bourse/platform";
import { RefusedError, UnreachableError } from "./client-errors.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";

/** An end that the command itself decided on: a message for people and the exit code. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = exitCode;
  }
}

/** What to say about an error, and how to end. `undefined`: a fault of ours, to be shown with its stack. */
export function endOf(error: unknown): { readonly exitCode: ExitCode; readonly message: string } | undefined {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message };
  if (error instanceof RefusedError) return { exitCode: EXIT.refused, message: error.message };
  if (error instanceof UnreachableError) return { exitCode: EXIT.unreachable, message: error.message };
  // By name and shape: a command that needs neither the platform nor recordings does not load them.
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  if (name === "RecordingError" || name === "ConfigError") return { exitCode: EXIT.usage, message };
  const code = (error as Error & { readonly code?: unknown }).code;
  if (typeof code !== "string" || !("retryable" in error)) return undefined;
  return { exitCode: OPERATIONAL_EXITS[code] ?? EXIT.failed, message };
}

const PLATFORM_EXITS: Readonly<Record<PlatformErrorCode, ExitCode>> = {
  port_taken: EXIT.portTaken,
  data_version: EXIT.dataVersion,
  already_running: EXIT.alreadyRunning,
  not_running: EXIT.unreachable,
  config_invalid: EXIT.usage,
  missing_part: EXIT.missingPart,
  start_failed: EXIT.failed,
  told_to_end: EXIT.ok,
  log_ahead_of_store: EXIT.restored,
  still_running: EXIT.alreadyRunning,
};

/** By the codes of operational failures. */
const OPERATIONAL_EXITS: Readonly<Record<string, ExitCode>> = {
  ...PLATFORM_EXITS,
  // A database that a later version has brought forward.
  schema_mismatch: EXIT.dataVersion,
  // An event log that a later version has written.
  bus_format: EXIT.dataVersion,
  // The bus can't be had here: no Java, no Maven, no container engine.
  bus_refused: EXIT.missingPart,
  bus_unavailable: EXIT.unreachable,
  // The schema registry is away, or refuses.
  registry_unavailable: EXIT.unreachable,
  registry_refused: EXIT.refused,
  schema_incompatible: EXIT.refused,
};
