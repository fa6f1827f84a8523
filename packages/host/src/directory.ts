import { type Random, seededRandom, type Timer } from "@bourse/base";
import type { ServiceName } from "@bourse/contracts";
import type { Registry } from "prom-client";
import { deadLetterRoutes } from "./dead-letter-routes.ts";
import type { AnyRoute, AnyServiceDefinition, Directory, PeerRequest, RouteRequest } from "./definition.ts";
import { answerForError } from "./http/error-answers.ts";
import { HttpPeer } from "./http-peer.ts";
import { processMetrics } from "./metrics.ts";
import { PeerError } from "./peer-error.ts";
import { rebuildRoutes } from "./rebuild-routes.ts";
import type { RouteAnswer } from "./route-answer.ts";

/** A service in this process, as its neighbours reach it: without HTTP, without a second validation. */
export interface LocalService {
  readonly name: ServiceName;
  forward(route: AnyRoute, request: RouteRequest): RouteAnswer | Promise<RouteAnswer>;
  call(request: PeerRequest, requestId: string): RouteAnswer | Promise<RouteAnswer>;
}

/** The directory as the platform keeps it. */
export interface PlatformDirectory extends Directory {
  /** From now on the service is reached in this process. A later one of the same name replaces it. */
  attach(service: LocalService): void;
  /** One call between services. Rejects with `PeerError` where there is no answer within `timeoutMs`. */
  call(
    service: ServiceName,
    request: PeerRequest,
    requestId: string,
    timeoutMs: number,
  ): Promise<RouteAnswer>;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  /** All services of the platform, wherever they run. */
  readonly definitions: readonly AnyServiceDefinition[];
  /** `http://host:port` without a slash at the end. Asked when the first request goes there by HTTP. */
  readonly urlOf: (service: ServiceName) => string;
  readonly internalToken: string;
  readonly timer: Timer;
  /** When circuit breakers probe. Absent: the same numbers each time, as in tests. */
  readonly random?: Random;
  /** Where the breakers' figures go. Absent: the process's own, which every service's /metrics shows. */
  readonly metrics?: Registry;
  /** Of forwarded requests. Default 30,000. */
  readonly forwardTimeoutMs?: number;
}

const FORWARD_TIMEOUT_MS = 30_000;

export function createDirectory(options: DirectoryOptions): PlatformDirectory {
  const { definitions, urlOf, internalToken, timer, forwardTimeoutMs = FORWARD_TIMEOUT_MS } = options;
  const { random = seededRandom(0) } = options;
  const local = new Map<ServiceName, LocalService>();
  const remote = new Map<ServiceName, HttpPeer>();
  const peer = (service: ServiceName): HttpPeer => {
    let found = remote.get(service);
    if (found === undefined) {
      const metrics = options.metrics ?? processMetrics();
      found = new HttpPeer({ service, url: urlOf(service), internalToken, timer, random, metrics });
      remote.set(service, found);
    }
    return found;
  };

  return {
    services: definitions.map((definition) => ({
      name: definition.name,
      description: definition.description,
      get url() {
        return urlOf(definition.name);
      },
      routes:
        typeof definition.routes === "function"
          ? []
          : [...definition.routes, ...deadLetterRoutes(definition), ...rebuildRoutes(definition)],
    })),
    forward(service, route, request) {
      const neighbour = local.get(service);
      if (neighbour !== undefined) return neighbour.forward(route, request);
      return peer(service)
        .forward(route, request, forwardTimeoutMs)
        .catch((error: unknown) => answerForError(error, request.requestId));
    },
    async call(service, request, requestId, timeoutMs) {
      const neighbour = local.get(service);
      if (neighbour === undefined) return await peer(service).call(request, requestId, timeoutMs);
      const answer = neighbour.call(request, requestId);
      return answer instanceof Promise ? await withinTime(answer, service, timer, timeoutMs) : answer;
    },
    attach(service) {
      local.set(service.name, service);
    },
    async close() {
      await Promise.all([...remote.values()].map((connection) => connection.close()));
      remote.clear();
    },
  };
}

/** In process too, a neighbour that does not answer is a lost answer, not a wait without an end. */
function withinTime<T>(
  answer: Promise<T>,
  service: ServiceName,
  timer: Timer,
  timeoutMs: number,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timer.after(timeoutMs, () =>
      reject(
        new PeerError("peer_outcome_unknown", `${service} did not answer within ${timeoutMs} ms`, {
          service,
        }),
      ),
    );
    answer.then(resolve, reject).finally(cancel);
  });
}
