import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { oneAtATime } from "@bourse/host/requests-ahead";
import { cutUntakenAnswers } from "@bourse/host/untaken-answers";
import helmet from "@fastify/helmet";
import httpProxy from "@fastify/http-proxy";
import fastifyStatic from "@fastify/static";
import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import { builtPages } from "./built-pages.ts";
import { ConsoleError } from "./console-error.ts";

export const CONSOLE_PORT = 8090;

export interface ConsoleOptions {
  /** Where the pages' questions go: the operator's doors are the gateway's. */
  readonly gatewayUrl: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly progress: (line: string) => void;
  readonly cacheFolder?: string;
  /** Default: 60,000. Looked at twice in this time. */
  readonly requestTimeoutMs?: number;
}

/** From a request's first byte to its last, as at the services: who sends more slowly would hold a connection for nothing. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long a connection may have nothing to ask, as at the services. */
const KEEP_ALIVE_MS = 72_000;

export interface RunningConsole {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the console: its pages, and under `/api` the gateway, so that a browser has one origin and needs no cookie.
 * It keeps nothing and knows no key: what a page may do, the key it sends decides at the gateway. Throws
 * {@link ConsoleError}. It does not keep its process alive.
 */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host, port } = options;
  const app = await assemble(options, await builtPages(options));
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    if ((cause as NodeJS.ErrnoException).code !== "EADDRINUSE") throw cause;
    throw new ConsoleError(
      "port_taken",
      `port ${port}, which the console listens on, is taken by another process. Stop it, or give the console another ` +
        `one, with CONSOLE_URL=http://127.0.0.1:${port + 1_000} where \`bourse up\` serves it, or \`bourse console --port\``,
      { cause },
    );
  }
  app.server.unref();
  const address = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    close: () => app.close(),
  };
}

async function assemble(
  { gatewayUrl, requestTimeoutMs = REQUEST_TIMEOUT_MS }: ConsoleOptions,
  pages: string,
): Promise<FastifyInstance> {
  const page = readFileSync(join(pages, "index.html"), "utf8");
  const sendPage = (reply: FastifyReply): FastifyReply =>
    reply.code(200).header("cache-control", "no-cache").type("text/html; charset=utf-8").send(page);
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    serverFactory: (handle) =>
      createServer(
        {
          keepAliveTimeout: KEEP_ALIVE_MS,
          requestTimeout: requestTimeoutMs,
          // Node takes the longer of the two for the request's.
          headersTimeout: requestTimeoutMs,
          connectionsCheckingInterval: requestTimeoutMs / 2,
        },
        oneAtATime(handle),
      ),
    // A broken percent encoding: what was meant, the page asks.
    frameworkErrors: (_error, _request, reply) => void sendPage(reply),
  });
  // Later than a request that does not come: that one is answered.
  cutUntakenAnswers(app.server, 2 * requestTimeoutMs);
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: POLICY },
    // The console is served without TLS where it runs on the operator's own machine.
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
  });
  await app.register(httpProxy, {
    upstream: gatewayUrl,
    prefix: "/api",
    rewritePrefix: "/api",
    httpMethods: ["GET", "POST"],
    replyOptions: {
      onError: (reply, { error }) => {
        reply.code(503).type("application/problem+json").send(noGateway(gatewayUrl, error.message));
      },
    },
  });
  await app.register(fastifyStatic, {
    root: join(pages, "assets"),
    prefix: "/assets/",
    index: false,
    // Their names have their contents' hash.
    immutable: true,
    maxAge: "365d",
  });
  app.setNotFoundHandler((request, reply) => {
    if (request.method !== "GET" || request.url.startsWith("/assets/"))
      return reply.code(404).type("application/problem+json").send(nothingThere(request.method, request.url));
    // Every other address is a page's: what it means, the page says.
    return reply.code(200).header("cache-control", "no-cache").type("text/html; charset=utf-8").send(page);
  });
  return app;
}

const POLICY = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'"],
  connectSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

function noGateway(gatewayUrl: string, reason: string): object {
  return {
    type: "urn:bourse:problem:peer_unavailable",
    title: "The platform does not answer",
    status: 503,
    code: "peer_unavailable",
    detail: `The gateway at ${gatewayUrl} does not answer (${reason}). Is the platform up?`,
  };
}

function nothingThere(method: string, url: string): object {
  return {
    type: "urn:bourse:problem:route_not_found",
    title: "There is no such address",
    status: 404,
    code: "route_not_found",
    detail: `there is no ${method} ${url.slice(0, 200)}`,
  };
}
