import { PeerError, type PlatformDirectory } from "@bourse/host";
import type { CrashGate } from "./crash-gate.ts";

/** The calls between services of a process: each may be lost on its way there or on its way back. */
export function gatedDirectory(directory: PlatformDirectory, gate: CrashGate): PlatformDirectory {
  return {
    services: directory.services,
    attach: (service) => directory.attach(service),
    forward: (service, route, request) => {
      const what = `${route.method} ${service}${route.path}`;
      // The gateway answers for a lost call as it does for a lost client: see the client's own points.
      const call = { port: "http", what, writes: route.method !== "GET", lost: null, refused: null } as const;
      return gate.pass(call, () => directory.forward(service, route, request));
    },
    call: (service, request, requestId, timeoutMs) => {
      const what = `${request.method} ${service}${request.path}`;
      return gate.pass(
        {
          port: "http",
          what,
          writes: request.method !== "GET",
          lost: () => new PeerError("peer_outcome_unknown", `${what}: the answer was lost`, { service }),
          refused: () => new PeerError("peer_unavailable", `${what}: it does not answer`, { service }),
        },
        () => directory.call(service, request, requestId, timeoutMs),
      );
    },
    close: () => directory.close(),
  };
}
