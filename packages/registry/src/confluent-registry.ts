import type { JsonSchema } from "@bourse/contracts";
import { Agent, request } from "undici";
import type { CompatibilityLevel, RegisteredSchema, SchemaRegistry } from "./port.ts";
import { RegistryError } from "./registry-error.ts";

export interface ConfluentRegistryOptions {
  /** Of the REST API's root, such as `http://127.0.0.1:8081`; a user and password in it are sent (HTTP Basic). */
  readonly url: string;
  /** How long one call may take. Default 5,000. */
  readonly timeoutMs?: number;
}

/**
 * A registry with the Confluent REST API (https://docs.confluent.io/platform/current/schema-registry/develop/api.html):
 * Confluent's own, Apicurio, Karapace, Redpanda. One try a call: who calls decides what waits for it.
 */
export function confluentRegistry(options: ConfluentRegistryOptions): SchemaRegistry {
  return new ConfluentRegistry(options);
}

const DEFAULT_TIMEOUT_MS = 5_000;
const CONTENT_TYPE = "application/vnd.schemaregistry.v1+json";
const MAX_MESSAGE = 500;

interface VersionAnswer {
  readonly id: number;
  readonly version: number;
  readonly schema: string;
}

class ConfluentRegistry implements SchemaRegistry {
  readonly kind = "confluent";
  readonly #root: string;
  readonly #shown: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor({ url, timeoutMs = DEFAULT_TIMEOUT_MS }: ConfluentRegistryOptions) {
    const { origin, pathname, username, password } = parsed(url);
    this.#root = `${origin}${pathname.replace(/\/+$/, "")}`;
    this.#shown = this.#root;
    this.#headers = {
      accept: CONTENT_TYPE,
      ...(username === "" ? {} : { authorization: basic(username, password) }),
    };
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ connect: { timeout: timeoutMs } });
  }

  async subjects(): Promise<readonly string[]> {
    return (await this.#ask<readonly string[]>("GET", "/subjects")) ?? [];
  }

  async versions(subject: string): Promise<readonly number[]> {
    const versions = await this.#ask<readonly number[]>("GET", `/subjects/${inPath(subject)}/versions`);
    return [...(versions ?? [])].sort((one, other) => one - other);
  }

  async version(subject: string, version: number | "latest"): Promise<RegisteredSchema | null> {
    const path = `/subjects/${inPath(subject)}/versions/${version}`;
    return registered(subject, await this.#ask<VersionAnswer>("GET", path));
  }

  async schemaOf(id: number): Promise<JsonSchema | null> {
    const answer = await this.#ask<{ readonly schema: string }>("GET", `/schemas/ids/${id}`);
    return answer === null ? null : (JSON.parse(answer.schema) as JsonSchema);
  }

  async find(subject: string, schema: JsonSchema): Promise<RegisteredSchema | null> {
    return registered(
      subject,
      await this.#ask<VersionAnswer>("POST", `/subjects/${inPath(subject)}`, body(schema)),
    );
  }

  async check(subject: string, schema: JsonSchema): Promise<boolean> {
    // A subject that is not there yet has nothing to be compatible with; not every server says so by 404.
    if ((await this.versions(subject)).length === 0) return true;
    // Apicurio compares with all versions where none is named, whatever the level.
    const which = (await this.level(subject)).endsWith("_TRANSITIVE") ? "" : "/latest";
    const path = `/compatibility/subjects/${inPath(subject)}/versions${which}`;
    const answer = await this.#ask<{ readonly is_compatible: boolean }>("POST", path, body(schema));
    return answer?.is_compatible ?? true;
  }

  async register(subject: string, schema: JsonSchema): Promise<RegisteredSchema> {
    const known = await this.find(subject, schema);
    if (known !== null) return known;
    await this.#ask("POST", `/subjects/${inPath(subject)}/versions`, body(schema));
    const found = await this.find(subject, schema);
    if (found === null)
      throw new RegistryError("registry_unavailable", `${this.#shown} took ${subject} and does not have it`);
    return found;
  }

  async level(subject?: string): Promise<CompatibilityLevel> {
    // A subject without a level of its own is a 404 for some servers, and for others the level of all.
    const own =
      subject === undefined
        ? null
        : await this.#ask<{ readonly compatibilityLevel: CompatibilityLevel }>(
            "GET",
            `/config/${inPath(subject)}?defaultToGlobal=true`,
          );
    const all =
      own ?? (await this.#ask<{ readonly compatibilityLevel: CompatibilityLevel }>("GET", "/config"));
    return all?.compatibilityLevel ?? "NONE";
  }

  async setLevel(level: CompatibilityLevel, subject?: string): Promise<void> {
    const path = subject === undefined ? "/config" : `/config/${inPath(subject)}`;
    await this.#ask("PUT", path, { compatibility: level });
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  /** The answer; null for what is not there. */
  async #ask<Answer>(method: "GET" | "POST" | "PUT", path: string, sent?: object): Promise<Answer | null> {
    const { status, text } = await this.#call(method, path, sent);
    if (status >= 200 && status < 300) return this.#read<Answer>(text, path);
    const message = messageOf(text);
    const at = `${this.#shown}${path.split("?")[0]}`;
    if (status === 404) return null;
    if (status === 409) throw new RegistryError("schema_incompatible", `${at}: ${message}`);
    if (status >= 500 || status === 408 || status === 429)
      throw new RegistryError("registry_unavailable", `${at} answered ${status}: ${message}`);
    throw new RegistryError("registry_refused", `${at} answered ${status}: ${message}`);
  }

  async #call(
    method: "GET" | "POST" | "PUT",
    path: string,
    sent?: object,
  ): Promise<{ readonly status: number; readonly text: string }> {
    try {
      const answer = await request(`${this.#root}${path}`, {
        method,
        dispatcher: this.#agent,
        headers: sent === undefined ? this.#headers : { ...this.#headers, "content-type": CONTENT_TYPE },
        body: sent === undefined ? null : JSON.stringify(sent),
        headersTimeout: this.#timeoutMs,
        bodyTimeout: this.#timeoutMs,
      });
      return { status: answer.statusCode, text: await answer.body.text() };
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RegistryError("registry_unavailable", `${this.#shown} does not answer: ${reason}`, cause);
    }
  }

  #read<Answer>(text: string, path: string): Answer {
    try {
      return JSON.parse(text) as Answer;
    } catch (cause) {
      const what = `${this.#shown}${path} answered with what is no JSON: is it a schema registry?`;
      throw new RegistryError("registry_refused", what, cause);
    }
  }
}

function parsed(url: string): URL {
  const found = URL.parse(url);
  if (found !== null && /^https?:$/.test(found.protocol)) return found;
  throw new RegistryError(
    "registry_refused",
    `the address of the schema registry is "${withoutCredentials(url)}"; wanted is http://host:port or https://host:port`,
  );
}

/** What stands before the last @ is a user and a password, wherever they begin. */
function withoutCredentials(url: string): string {
  return url.replace(/^.*@/s, "[redacted]@");
}

function basic(username: string, password: string): string {
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch (cause) {
    throw new RegistryError(
      "registry_refused",
      "the user or password in the address of the schema registry has a % that begins no percent encoding; a % itself is written %25",
      cause,
    );
  }
}

function body(schema: JsonSchema): object {
  return { schemaType: "JSON", schema: JSON.stringify(schema) };
}

function registered(subject: string, answer: VersionAnswer | null): RegisteredSchema | null {
  if (answer === null) return null;
  const { version, id, schema } = answer;
  return { subject, version, id, schema: JSON.parse(schema) as JsonSchema };
}

function messageOf(text: string): string {
  try {
    const message: unknown = (JSON.parse(text) as { readonly message?: unknown }).message;
    return (typeof message === "string" ? message : text).slice(0, MAX_MESSAGE);
  } catch {
    return text.slice(0, MAX_MESSAGE);
  }
}

function inPath(subject: string): string {
  return encodeURIComponent(subject);
}
