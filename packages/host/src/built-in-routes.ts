import type { Timer } from "@bourse/base";
import type { Registry } from "prom-client";
import { Type } from "typebox";
import type { AnyRoute, AnyServiceDefinition, Directory } from "./definition.ts";
import { openApiDocument } from "./openapi.ts";
import { sharedExposition } from "./shared-exposition.ts";
import type { Quiet, ServiceStatus } from "./status.ts";
import { type ApiDocumentLink, swaggerUiRoutes } from "./swagger-ui.ts";
import { unchangingContent } from "./unchanging-content.ts";

/** What a running service tells about itself. */
export interface SelfReport {
  /** Why it can't take work now; empty: ready. */
  unready(): readonly string[] | Promise<readonly string[]>;
  status(): ServiceStatus | Promise<ServiceStatus>;
  quiet(): Quiet | Promise<Quiet>;
  readonly registry: Registry;
}

/** Routes that every service has, whatever its state: health, metrics, documents. */
export function alwaysRoutes(options: {
  readonly definition: AnyServiceDefinition;
  readonly routes: readonly AnyRoute[];
  readonly directory: Directory;
  readonly self: SelfReport;
  readonly timer: Timer;
}): readonly AnyRoute[] {
  const { definition, self } = options;
  const figures = sharedExposition(self.registry, options.timer);
  return [
    {
      method: "GET",
      path: "/health/live",
      summary: "Whether the process answers",
      access: "public",
      answers: { 200: Type.Object({ status: Type.Literal("live") }) },
      handle: () => ({ status: 200, body: { status: "live" } }),
    },
    {
      method: "GET",
      path: "/health/ready",
      summary: "Whether the service takes work, and why not",
      access: "public",
      answers: { 200: Readiness, 503: Readiness },
      handle: async () => {
        const reasons = await self.unready();
        const ready = reasons.length === 0;
        return { status: ready ? 200 : 503, body: { status: ready ? "ready" : "unready", reasons } };
      },
    },
    {
      method: "GET",
      path: "/metrics",
      summary: "Figures for Prometheus",
      access: "public",
      answers: { 200: Type.String() },
      handle: async () => ({
        status: 200,
        headers: { "content-type": self.registry.contentType },
        body: await figures(),
      }),
    },
    {
      method: "GET",
      path: "/internal/status",
      summary: "Subscriptions with their lag, the outbox, what is in flight",
      access: "internal",
      answers: { 200: Type.Unknown() },
      handle: async () => ({
        status: 200,
        headers: { "content-type": "application/json; charset=utf-8" },
        // Offsets are bigints.
        body: JSON.stringify(await self.status(), (_key, value) =>
          typeof value === "bigint" ? String(value) : value,
        ),
      }),
    },
    {
      method: "GET",
      path: "/internal/quiet",
      summary: "Whether everything that was published and consumed so far is done with",
      access: "internal",
      answers: { 200: Type.Object({ quiet: Type.Boolean(), reasons: Type.Array(Type.String()) }) },
      handle: async () => ({ status: 200, body: await self.quiet() }),
    },
    ...documentRoutes(definition, options.routes, options.directory),
  ];
}

const Readiness = Type.Object({ status: Type.String(), reasons: Type.Array(Type.String()) });

function documentRoutes(
  definition: AnyServiceDefinition,
  routes: readonly AnyRoute[],
  directory: Directory,
): readonly AnyRoute[] {
  const { name, description } = definition;
  const isGateway = typeof definition.routes === "function";
  const others = isGateway ? directory.services.filter((entry) => entry.routes.length > 0) : [];
  const link = (service: string): string => `/${service}-service/api-docs`;
  const links: readonly ApiDocumentLink[] = [
    { name, url: "/api-docs" },
    ...others.map((entry) => ({ name: entry.name, url: link(entry.name) })),
  ];
  return [
    documentRoute("/api-docs", () =>
      openApiDocument({ name, description, routes, audience: isGateway ? "edge" : "service" }),
    ),
    ...others.map((entry) =>
      documentRoute(link(entry.name), () => openApiDocument({ ...entry, audience: "edge" })),
    ),
    ...swaggerUiRoutes(`Bourse ${name}`, links),
  ];
}

function documentRoute(path: string, make: () => object): AnyRoute {
  return {
    method: "GET",
    path,
    summary: "The OpenAPI 3.1 document",
    access: "public",
    answers: { 200: Type.Unknown(), 304: Type.Unknown() },
    handle: unchangingContent({
      contentType: "application/json; charset=utf-8",
      make: () => JSON.stringify(make()),
    }),
  };
}
