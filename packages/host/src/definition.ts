import type { Clock, Timer } from "@bourse/base";
import type { EventBus } from "@bourse/bus";
import type { Principal, ServiceName, Topic } from "@bourse/contracts";
import type { Consumption, Delivery, Effects, Importer, NumberedEvent, Unit } from "@bourse/delivery";
import type { Store } from "@bourse/store";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Static, TObject, TSchema } from "typebox";
import type { ProblemAnswer } from "./problem.ts";
import type { ProblemCode } from "./problem-catalogue.ts";
import type { RouteAnswer } from "./route-answer.ts";

/**
 * A service as data. Composition, drawings, OpenAPI and AsyncAPI documents and access lists are derived from it.
 * `Service` is what `setup` makes: the object that routes, consumers, jobs and invariants are given.
 */
export interface ServiceDefinition<Config extends TObject = TObject, Service = unknown> {
  readonly name: ServiceName;
  /** Which of several services of this name that share no tables: in the name of its audit topic (R3). */
  readonly scope?: string;
  /** One sentence. */
  readonly description: string;
  readonly port: number;
  /** Environment variables by name; read once, frozen; a wrong one fails at boot. */
  readonly config: Config;
  /** Absent: the service keeps nothing in PostgreSQL. */
  readonly migrations?: URL;
  /** Topics it writes events to. Which events: the contracts' `writer`. */
  readonly publishes: readonly Topic[];
  /** Topics it reads without consuming them: for operators who look at what was said. */
  readonly reads?: readonly Topic[];
  /** Services it calls over internal HTTP. */
  readonly calls: readonly ServiceName[];
  readonly setup: (shell: Shell<Static<Config>>) => Service | Promise<Service>;
  readonly consumes: readonly Consumption<Service>[];
  /** A function: routes that are derived from other services' (the gateway's). Asked once, before `setup`. */
  readonly routes: readonly Route<Service>[] | ((directory: Directory) => readonly Route<Service>[]);
  readonly jobs: readonly Job<Service>[];
  readonly invariants: readonly Invariant<Service>[];
  /** Why the service cannot take work now; an empty array: ready. Asked by /health/ready. */
  readonly unready?: (service: Service) => readonly string[] | Promise<readonly string[]>;
  /**
   * The gateway's: who makes a request that comes from outside. null: nobody known, public routes only; a problem is
   * the answer (a key that is wrong). Services without it believe the internal token alone.
   */
  readonly authenticate?: (
    service: Service,
    headers: RouteRequest["headers"],
  ) => Authenticated | Promise<Authenticated>;
  /** R6: what `bourse recover` brings back into the tables out of the service's own topics; the rest is for people. */
  readonly recovery?: RecoveryDefinition;
  /** Called at drain, after the doors are closed and the consumers have stopped. */
  readonly close?: (service: Service) => void | Promise<void>;
}

export type Authenticated = Principal | null | ProblemAnswer;

/** Any service's definition, for those who handle all of them alike: the platform, documents, checks. */
export interface AnyServiceDefinition extends Omit<ServiceDefinition<TObject, never>, "setup"> {
  readonly setup: (shell: Shell<never>) => unknown;
}

export type AnyRoute = Route<never>;

export interface RecoveryDefinition {
  /** One sentence for the operator: what comes back by itself, and what by reading the inputs again. */
  readonly description: string;
  /** Topics of its own in the order in which their missing records are imported; others are only listed. */
  readonly order: readonly Topic[];
  /** Statements must bear being run again. */
  readonly open: (parts: Pick<Shell<never>, "store" | "bus">) => Promise<Importer>;
}

/** What the host gives a service. Everything outside the process is a port in here (R16). */
export interface Shell<Config> {
  readonly name: ServiceName;
  readonly config: Config;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Logger;
  readonly metrics: Registry;
  /** Throws for a service without migrations. */
  readonly store: Store;
  readonly bus: EventBus;
  readonly delivery: Delivery;
  readonly peers: Peers;
  /** Random identifiers: 128 bits as 32 hex digits. */
  readonly newId: () => string;
  /** A folder that survives restarts and that all instances of the service share: snapshots. */
  readonly sharedFolder: string;
  /** A secret of the installation, for what the service derives or signs. */
  readonly secret: string;
}

/**
 * Calls to other services: in process where they live in the same one, else HTTP with keep-alive.
 * Rejects with `PeerError` (`peer_unavailable`, `peer_outcome_unknown`, `peer_refused` with the problem).
 */
export interface Peers {
  call<Answer>(service: ServiceName, request: PeerRequest): Promise<Answer>;
}

export interface PeerRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  /** Aborted once nobody waits for the answer: the other service is told, and may stop where it asks. */
  readonly signal?: AbortSignal;
}

/** Who may call a route. `internal`: other services only; never routed by the gateway. */
export type Access = "public" | "authenticated" | "operator" | "internal";

export interface Route<Service = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Fastify's form: `/api/v1/orders/:orderId`. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** Of every route that changes something: how it happens once however often it is sent (R10). */
  readonly idempotency?: IdempotencyRule;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** Largest body in bytes. Default 64 KiB. */
  readonly bodyLimit?: number;
  /** Schema of the answer for each status that is not a problem. */
  readonly answers: Readonly<Record<number, TSchema>>;
  /** Codes of the problems it may answer with, beyond those that any route has. */
  readonly problems?: readonly ProblemCode[];
  readonly examples?: readonly unknown[];
  /** `commit`: for routes whose idempotency is "required" or "optional". */
  readonly handle: (
    service: Service,
    request: RouteRequest,
    commit: AnswerCommit,
  ) => RouteAnswer | Promise<RouteAnswer>;
}

/**
 * "required" and "optional": the Idempotency-Key header names the request, and the host keeps its answer for 24 hours,
 * committed in one transaction with the effects (`AnswerCommit`). Without a key an optional one happens each time.
 */
export type IdempotencyRule = "required" | "optional" | NaturallyIdempotent;

/** What the request says makes it the same one, for ever: an id of its own, or a state that it asks for. */
export interface NaturallyIdempotent {
  /** By what, in words: "account and client order id". */
  readonly natural: string;
  /** Where the Idempotency-Key header is part of that. Absent: it is not looked at. */
  readonly header?: "required" | "optional";
}

/**
 * Commits a decision and its answer, once for the request's Idempotency-Key. Without a key it is `Delivery.commit`.
 * What `work` answers is kept, refusals too, unless it may be tried again (429, 5xx), which then has no effects.
 * A secret is put in after it, by the handler: no answer with one is kept.
 */
export type AnswerCommit = (
  name: string,
  work: (unit: Unit) => Promise<Effects<RouteAnswer>>,
) => Promise<CommittedAnswer>;

export interface CommittedAnswer {
  readonly answer: RouteAnswer;
  /** Of this request's own effects: empty where it was answered from what was kept, or refused. */
  readonly numbered: readonly NumberedEvent[];
}

export interface RouteRequest {
  readonly params: Readonly<Record<string, string>>;
  /** Converted as the schema says: numbers, booleans, lists. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** null on public routes called without a key, and on internal ones. */
  readonly principal: Principal | null;
  readonly requestId: string;
  /** What is aborted once nobody waits for the answer: for work that is long, changes nothing and can stop. Absent: not known. */
  readonly gone?: () => AbortSignal;
}

/** Runs again `everyMs` after its last run ended. A failure is logged, counted and tried again. */
export interface Job<Service> {
  readonly name: string;
  readonly everyMs: number;
  readonly run: (service: Service) => Promise<void>;
}

/** A rule that `bourse verify` checks on a quiet platform. */
export interface Invariant<Service> {
  readonly name: string;
  /** Stated positively: "each journal balances". */
  readonly rule: string;
  /** Where a look at everything would take too long for one answer it is of a part, and `after` is the `next` of the part before. */
  readonly check: (service: Service, after?: string) => Promise<InvariantReport>;
}

export interface InvariantReport {
  /** How many things were looked at: a check of zero things proves nothing. */
  readonly checked: number;
  /** Each names what is wrong, with the ids and numbers that show it. At most 20 are listed. */
  readonly violations: readonly string[];
  /** What was met and could not be judged: told with the report, so that nobody takes it for checked. */
  readonly unchecked?: number;
  /** An id in hex: what was looked at ends with it, and there is more. */
  readonly next?: string;
}

/** Keeps the types of a definition together; returns it as it is. */
export function defineService<Config extends TObject, Service>(
  definition: ServiceDefinition<Config, Service>,
): ServiceDefinition<Config, Service> {
  return definition;
}

/** What a gateway knows of the platform: its services, their public faces, and how to reach them. */
export interface Directory {
  readonly services: readonly DirectoryEntry[];
  /**
   * Hands a request that was authenticated and validated here to its owner: in process to the handler itself, else
   * by HTTP. Answers, also where the owner is away (503); never rejects.
   */
  forward(service: ServiceName, route: AnyRoute, request: RouteRequest): RouteAnswer | Promise<RouteAnswer>;
}

export interface DirectoryEntry {
  readonly name: ServiceName;
  readonly description: string;
  readonly url: string;
  /** Empty for services whose routes are derived from this directory. */
  readonly routes: readonly AnyRoute[];
}
