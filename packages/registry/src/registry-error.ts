import { OperationalError } from "@bourse/base";

export type RegistryErrorCode =
  /** The registry does not answer; the call may be made again. */
  | "registry_unavailable"
  /** Readers of other versions could not go on. */
  | "schema_incompatible"
  /** The registry refuses for good: not authorised, not understood. */
  | "registry_refused";

export class RegistryError extends OperationalError {
  override readonly name = "RegistryError";
  declare readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, message: string, cause?: unknown) {
    super(code, message, { retryable: code === "registry_unavailable", cause });
  }
}
