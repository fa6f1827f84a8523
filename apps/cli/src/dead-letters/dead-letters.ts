import type { GatewayClient } from "../client.ts";
import { RefusedError } from "../client-errors.ts";
import type { Filter, RecordReference } from "./filter.ts";

/** A parked record as its service shows it. */
export interface DeadLetter {
  readonly id: string;
  readonly service: string;
  readonly subscription: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly producer: string | null;
  readonly sequence: number | null;
  readonly key: string | null;
  readonly queue: string | null;
  readonly status: string;
  readonly code: string;
  readonly message: string;
  readonly attempts: number;
  readonly replays: number;
  readonly firstFailedAt: string;
  readonly parkedAt: string;
  readonly resolvedAt: string | null;
  readonly resolvedBy: string | null;
  readonly resolvedReason: string | null;
}

export interface DeadLetterDetail extends DeadLetter {
  readonly recordTime: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string | null;
  readonly encoding: "utf-8" | "base64";
  readonly schemaId?: number;
  readonly keyBase64?: string;
  readonly headersBase64?: readonly { readonly name: string; readonly value: string | null }[];
  readonly stack: string | null;
}

export interface Reason {
  readonly service: string;
  readonly subscription: string;
  readonly topic: string;
  readonly code: string;
  readonly status: string;
  readonly count: number;
  readonly keys: number;
  readonly oldestAt: string;
  readonly newestAt: string;
}

export interface RedriveAnswer {
  readonly applied: number;
  readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly left: number;
}

export interface DropAnswer {
  readonly dropped: number;
  readonly left: number;
}

interface StatusAnswer {
  readonly services: readonly {
    readonly service: string;
    readonly error?: string;
    readonly delivery?: { readonly consumptions: readonly { readonly kind: string }[] } | null;
  }[];
}

/** Services that may have parked something, and those that don't say. */
export async function servicesWithEffects(
  client: GatewayClient,
): Promise<{ readonly names: readonly string[]; readonly silent: readonly string[] }> {
  const services = await statusOf(client);
  if (services === null) return { names: ["trade-processor"], silent: [] };
  const names = services.filter(({ delivery }) =>
    delivery?.consumptions.some(({ kind }) => kind === "effect"),
  );
  const silent = services.filter(({ error }) => error !== undefined);
  return { names: names.map(({ service }) => service), silent: silent.map(({ service }) => service) };
}

/** null: what answers is no gateway. A trade-processor that runs by itself has its own doors, and no platform's. */
async function statusOf(client: GatewayClient): Promise<StatusAnswer["services"] | null> {
  try {
    return (await client.get<StatusAnswer>("/api/v1/platform/status")).services;
  } catch (error) {
    if (error instanceof RefusedError && error.status === 404) return null;
    throw error;
  }
}

const pathOf = (service: string): string => `/api/v1/dead-letters/${service}`;

export async function readReasons(
  client: GatewayClient,
  service: string,
  filter: Filter,
): Promise<readonly Reason[]> {
  return (await client.get<{ reasons: readonly Reason[] }>(`${pathOf(service)}/reasons`, filter)).reasons;
}

/** Pages of records, at most `limit` in all. */
export async function readRecords(
  client: GatewayClient,
  service: string,
  filter: Filter,
  limit: number,
): Promise<readonly DeadLetter[]> {
  const records: DeadLetter[] = [];
  let after: string | null = null;
  while (records.length < limit) {
    const page: { records: readonly DeadLetter[]; next: string | null } = await client.get(pathOf(service), {
      ...filter,
      limit: Math.min(PAGE, limit - records.length),
      ...(after === null ? {} : { after }),
    });
    records.push(...page.records);
    after = page.next;
    if (after === null) break;
  }
  return records;
}

const PAGE = 500;

export function readRecord(
  client: GatewayClient,
  { service, id }: RecordReference,
): Promise<DeadLetterDetail> {
  return client.get(`${pathOf(service)}/records/${id.split("/").map(encodeURIComponent).join("/")}`);
}

export function redrive(client: GatewayClient, service: string, body: object): Promise<RedriveAnswer> {
  return client.post(`${pathOf(service)}/redrive`, body, { timeoutMs: REDRIVE_TIMEOUT_MS });
}

export function drop(client: GatewayClient, service: string, body: object): Promise<DropAnswer> {
  return client.post(`${pathOf(service)}/drop`, body, { timeoutMs: REDRIVE_TIMEOUT_MS });
}

/** A chunk is some transactions. */
const REDRIVE_TIMEOUT_MS = 60_000;
