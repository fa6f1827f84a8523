import { BusError } from "../bus-error.ts";
import { AuthenticationError } from "./client.ts";
import type { Address, ConnectionSettings } from "./connection-settings.ts";
import { unavailable } from "./failure.ts";

/** Node's and OpenSSL's words for a certificate that is not believed. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
]);
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";
const OUT_OF_TIME: ReadonlySet<string> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);
/** Alerts by which a broker says that it does not believe the client's certificate. */
const CLIENT_CERTIFICATE =
  /alert (certificate required|bad certificate|unknown ca|certificate unknown|handshake failure)/i;

export interface ConnectionContext {
  readonly address: Address;
  readonly settings: ConnectionSettings;
  /** What did not come about: "no connection to", "no answer from". */
  readonly did: string;
}

/**
 * The bus's error for a connection that failed before its first answer. `bus_refused` where trying again will not help:
 * a wrong password, a certificate that is not believed, a listener of another kind. It names no password.
 */
export function connectionError(cause: unknown, { address, settings, did }: ConnectionContext): BusError {
  const broker = `the broker ${address.host}:${address.port}`;
  const reason = refusalIn(cause, broker, settings);
  if (reason !== undefined) return new BusError("bus_refused", reason, { retryable: false, cause });
  return unavailable(`${did} ${broker}${hint(cause, settings)}`, cause);
}

/** Whether this is a broker's word that it knows no such user with such a password. */
export function isUnknownUser(error: unknown): boolean {
  const chain = [...causesOf(error)];
  return chain.map(apiIdOf).includes("SASL_AUTHENTICATION_FAILED") && chain.some(isAuthentication);
}

function apiIdOf(error: Error): unknown {
  return (error as { readonly apiId?: unknown }).apiId;
}

function refusalIn(cause: unknown, broker: string, { tls, sasl }: ConnectionSettings): string | undefined {
  const chain = [...causesOf(cause)];
  const codes = chain.map((error) => (error as { readonly code?: unknown }).code).filter(isString);
  const answers = chain.map(apiIdOf);
  if (answers.includes("UNSUPPORTED_SASL_MECHANISM"))
    return `${broker} does not know the SASL mechanism ${sasl?.mechanism}`;
  if (answers.includes("ILLEGAL_SASL_STATE"))
    return `${broker} does not want SASL on this port, and this client has it set (${sasl?.mechanism})`;
  if (isUnknownUser(cause))
    return `${broker} refuses the user "${sasl?.username}": authentication failed with ${sasl?.mechanism}, so the user name or the password is wrong`;
  if (codes.some((code) => UNTRUSTED.has(code)))
    return `${broker} shows a certificate of an authority that this client does not know (${codes.find((code) => UNTRUSTED.has(code))}); the authority's certificate has to be given`;
  if (codes.includes(WRONG_NAME))
    return `${broker} shows a certificate for another name: ${wordsOf(chain, WRONG_NAME)}`;
  if (codes.some((code) => OUT_OF_TIME.has(code)))
    return `${broker} shows a certificate that is not valid now (${codes.find((code) => OUT_OF_TIME.has(code))})`;
  if (chain.some(({ message }) => CLIENT_CERTIFICATE.test(message)))
    return `${broker} does not accept this client's certificate${tls?.cert === undefined ? ", which has none to show" : ""}`;
  if (tls === undefined && chain.some(({ message }) => message === "Broker requires TLS."))
    return `${broker} speaks TLS on this port, and this client does not`;
  if (tls !== undefined && codes.some((code) => code === "ERR_SSL_WRONG_VERSION_NUMBER"))
    return `${broker} does not speak TLS on this port, and this client does`;
  return undefined;
}

/** What a connection that is closed without a word may mean. A broker that is going down does the same. */
function hint(cause: unknown, { tls, sasl }: ConnectionSettings): string {
  const isClosed = [...causesOf(cause)].some(
    ({ message }) => /closed|TLS handshake failed/i.test(message) && !/ECONNREFUSED/.test(message),
  );
  if (!isClosed) return "";
  if (sasl === undefined) return " (it closed the connection: it may want a user name and a password)";
  return tls === undefined ? " (it closed the connection: it may want TLS)" : "";
}

function isAuthentication(error: Error): boolean {
  return error instanceof AuthenticationError;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function wordsOf(chain: readonly Error[], code: string): string {
  return chain.find((error) => (error as { readonly code?: unknown }).code === code)?.message ?? code;
}

/** The error, and what it came from, all the way down. */
function* causesOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  if (error instanceof AggregateError) for (const each of error.errors) yield* causesOf(each);
  if (error.cause !== error) yield* causesOf(error.cause);
}
