import { OrderId, oneOf, SERVICE_NAMES, type ServiceName } from "@bourse/contracts";
import { type Directory, PeerError, type Route, type RouteAnswer } from "@bourse/host";
import { Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

/** Reading whole tables and logs takes its time. */
const WHOLE_TABLES_TIMEOUT_MS = 600_000;

const ByService = Type.Object({ services: Type.Array(Type.Unknown()) });
const ServiceParams = Type.Object({ service: oneOf(SERVICE_NAMES) });
const InvariantParams = Type.Object({
  service: oneOf(SERVICE_NAMES),
  invariant: Type.String({ pattern: "^[A-Za-z0-9._-]{1,300}$", description: "as the service tells it" }),
});
const CountsQuery = Type.Object({ clientOrderIdPrefix: Type.Optional(Type.String({ maxLength: 64 })) });

/** The platform as a whole, for operators: what every service says of itself, asked through the one door. */
export function platformRoutes({ services }: Directory): readonly Route<Gateway>[] {
  return [
    {
      method: "GET",
      path: "/api/v1/platform/status",
      summary: "What every service says of itself: subscriptions with their lag, outbox, readiness",
      access: "operator",
      answers: { 200: ByService },
      handle: (gateway) => askAll(gateway, services, "/internal/status"),
    },
    {
      method: "GET",
      path: "/api/v1/platform/quiet",
      summary: "Whether everything that was published has been consumed, by service",
      access: "operator",
      answers: { 200: ByService },
      // The gateway is never quiet while it is asked, and has nothing to send or consume.
      handle: (gateway) =>
        askAll(
          gateway,
          services.filter(({ name }) => name !== "gateway"),
          "/internal/quiet",
        ),
    },
    {
      method: "GET",
      path: "/api/v1/platform/invariants/:service",
      summary: "The invariants of one service, by name",
      access: "operator",
      params: ServiceParams,
      answers: { 200: Type.Unknown() },
      handle: async (gateway, { params }) => ({
        status: 200,
        body: await gateway.peers.call(params.service as ServiceName, {
          method: "GET",
          path: "/internal/invariants",
        }),
      }),
    },
    {
      method: "POST",
      path: "/api/v1/platform/invariants/:service/:invariant",
      summary:
        "Check one invariant on a quiet platform; one that is checked in parts goes on behind `next` with `after`",
      access: "operator",
      idempotency: { natural: "it changes nothing" },
      params: InvariantParams,
      query: Type.Object({ after: Type.Optional(OrderId) }),
      answers: { 200: Type.Unknown() },
      problems: ["not_found"],
      handle: async (gateway, { params, query, gone }) => ({
        status: 200,
        body: await gateway.peers.call(params.service as ServiceName, {
          method: "POST",
          path: `/internal/invariants/${params.invariant}`,
          query: query as Record<string, string>,
          timeoutMs: WHOLE_TABLES_TIMEOUT_MS,
          ...(gone === undefined ? {} : { signal: gone() }),
        }),
      }),
    },
    {
      method: "POST",
      path: "/api/v1/platform/invariants/:service",
      summary: "Check all invariants of one service on a quiet platform that is not large",
      access: "operator",
      idempotency: { natural: "it changes nothing" },
      params: ServiceParams,
      answers: { 200: Type.Unknown() },
      handle: async (gateway, { params, gone }) => ({
        status: 200,
        body: await gateway.peers.call(params.service as ServiceName, {
          method: "POST",
          path: "/internal/invariants",
          timeoutMs: WHOLE_TABLES_TIMEOUT_MS,
          ...(gone === undefined ? {} : { signal: gone() }),
        }),
      }),
    },
    {
      method: "GET",
      path: "/api/v1/platform/counts",
      summary: "What the tables of order and wallet hold",
      access: "operator",
      query: CountsQuery,
      answers: { 200: Type.Unknown() },
      handle: async (gateway, { query }) => {
        const prefix = query.clientOrderIdPrefix;
        const [order, wallet] = await Promise.all([
          gateway.peers.call("order", {
            method: "GET",
            path: "/internal/orders/counts",
            ...(typeof prefix === "string" ? { query: { clientOrderIdPrefix: prefix } } : {}),
            timeoutMs: WHOLE_TABLES_TIMEOUT_MS,
          }),
          gateway.peers.call("wallet", {
            method: "GET",
            path: "/internal/wallet/counts",
            timeoutMs: WHOLE_TABLES_TIMEOUT_MS,
          }),
        ]);
        return { status: 200, body: { order, wallet } };
      },
    },
  ];
}

/** A service that does not answer is told as such: the others still are. */
async function askAll(gateway: Gateway, asked: Directory["services"], path: string): Promise<RouteAnswer> {
  const answers = await Promise.all(
    asked.map(async ({ name, url }) => {
      try {
        return {
          service: name,
          url,
          ...(await gateway.peers.call<object>(name, { method: "GET", path, timeoutMs: 5_000 })),
        };
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        return { service: name, url, error: error.code };
      }
    }),
  );
  return { status: 200, body: { services: answers } };
}
