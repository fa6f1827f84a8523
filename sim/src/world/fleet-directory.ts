import type { Timer } from "@bourse/base";
import { PeerError, type PlatformDirectory, type RouteAnswer } from "@bourse/host";
import type { CrashGate } from "../ports/crash-gate.ts";

/** A process that takes the calls of others. */
export interface Member {
  readonly gate: CrashGate;
  readonly directory: PlatformDirectory;
}

/** The processes of a platform. */
export interface Fleet {
  /** Who takes the next call, as a load balancer chooses; null: nobody but who calls. */
  choose(): Member | null;
}

/** As the gateway waits for what it hands on. */
const FORWARD_TIMEOUT_MS = 30_000;

/** The calls between services where each of them runs in every process: any of them may take a call. */
export function fleetDirectory(options: {
  readonly local: PlatformDirectory;
  readonly fleet: Fleet;
  readonly gate: CrashGate;
  readonly timers: Timer;
}): PlatformDirectory {
  const { local, fleet, gate, timers } = options;
  const elsewhere = (): Member | null => {
    const member = fleet.choose();
    return member === null || member.gate === gate ? null : member;
  };
  const answered = async (
    member: Member,
    service: string,
    timeoutMs: number,
    call: () => RouteAnswer | Promise<RouteAnswer>,
  ): Promise<RouteAnswer> => {
    const lost = (): never => {
      throw new PeerError("peer_outcome_unknown", `${service} did not answer`, { service });
    };
    const late = Promise.withResolvers<never>();
    const cancel = timers.after(timeoutMs, () => late.resolve(undefined as never));
    return await Promise.race([
      member.gate.running().then(() => member.gate.through(call)),
      member.gate.died.then(lost),
      late.promise.then(lost),
    ]).finally(cancel);
  };
  return {
    services: local.services,
    attach: (service) => local.attach(service),
    call: async (service, request, requestId, timeoutMs) => {
      const member = elsewhere();
      if (member === null) return await local.call(service, request, requestId, timeoutMs);
      return await answered(member, service, timeoutMs, () =>
        member.directory.call(service, request, requestId, timeoutMs),
      );
    },
    forward: async (service, route, request) => {
      const member = elsewhere();
      if (member === null) return await local.forward(service, route, request);
      try {
        return await answered(member, service, FORWARD_TIMEOUT_MS, () =>
          member.directory.forward(service, route, request),
        );
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        return { status: 503, body: { code: "outcome_unknown", detail: error.message } };
      }
    },
    close: () => local.close(),
  };
}
