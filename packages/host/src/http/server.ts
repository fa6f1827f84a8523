import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "pino";
import type { Authenticated, RouteRequest } from "../definition.ts";
import { ANONYMOUS, type Caller } from "../principal.ts";
import { type ProblemAnswer, problem } from "../problem.ts";
import type { RouteAnswer } from "../route-answer.ts";
import { ClientErrors } from "./client-error.ts";
import type { Dispatcher, MountedRoute } from "./dispatcher.ts";
import { answerForError } from "./error-answers.ts";
import { DEFAULT_BODY_LIMIT, KEEP_ALIVE_MS, MAX_HEAD_BYTES, REQUEST_TIMEOUT_MS } from "./limits.ts";
import { settleContent } from "./request-content.ts";
import { oneAtATime } from "./requests-ahead.ts";
import { shortened } from "./shortened.ts";
import { cutUntakenAnswers } from "./untaken-answers.ts";

/** A client's own id is kept where it is short and plain. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,96}$/;
const MAX_PARAM_LENGTH = 200;

/** A request of which is known who asks, before its body is read. */
interface AskedRequest extends FastifyRequest {
  caller: Caller | null;
}

/** The HTTP server of a service: sockets and routing; every decision is the dispatcher's. */
export function createServer(options: {
  readonly dispatcher: Dispatcher;
  readonly readCaller: (headers: FastifyRequest["headers"]) => Caller;
  /** The gateway's: asked where the internal token does not say who asks. */
  readonly authenticate:
    | ((headers: RouteRequest["headers"]) => Authenticated | Promise<Authenticated>)
    | null;
  readonly newId: () => string;
  readonly log: Logger;
  /** Default: `REQUEST_TIMEOUT_MS`. Looked at twice in this time. */
  readonly requestTimeoutMs?: number;
}): FastifyInstance {
  const { dispatcher, readCaller, authenticate, newId, log } = options;
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const clientErrors = new ClientErrors(requestTimeoutMs);
  const app = fastify({
    logger: false,
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : newId();
    },
    return503OnClosing: false,
    serverFactory: (handle) =>
      createHttpServer(
        {
          keepAliveTimeout: KEEP_ALIVE_MS,
          requestTimeout: requestTimeoutMs,
          // Node takes the longer of the two for the request's.
          headersTimeout: requestTimeoutMs,
          connectionsCheckingInterval: requestTimeoutMs / 2,
          maxHeaderSize: MAX_HEAD_BYTES,
          // Node itself would refuse without a word; `whoAsks` says why.
          requireHostHeader: false,
        },
        oneAtATime(handle),
      ),
    clientErrorHandler: (error, socket) => clientErrors.answer(error, socket),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    frameworkErrors: (error, request, reply) => {
      send(reply, faultOfTransport(error, request), request.id);
    },
  });
  clientErrors.watch(app.server);
  // Later than a request that does not come: that one is answered.
  cutUntakenAnswers(app.server, 2 * requestTimeoutMs);
  const unmet = unmetExpectations(app.server);
  app.decorateRequest("caller", null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, request, reply) => {
    const answer = faultOfTransport(error, request);
    if (answer.status >= 500)
      log.error({ err: error, requestId: request.id }, "a request failed before its route");
    send(reply, answer, request.id);
  });
  // Before a body is read that nothing would come of.
  app.addHook("onRequest", (request, reply, done) => {
    const isUnmet = unmet.has(request.raw);
    if (!request.is404 && !isUnmet) return done();
    const answer = !namesHost(request)
      ? hostless
      : isUnmet
        ? unknownExpectation(request)
        : dispatcher.notFound(request.method, request.url);
    send(reply, answer, request.id);
  });

  for (const mounted of dispatcher.mounted) {
    app.route({
      method: mounted.route.method,
      url: mounted.route.path,
      bodyLimit: mounted.route.bodyLimit ?? DEFAULT_BODY_LIMIT,
      onRequest: (request, reply, done) => {
        const decide = (who: Caller | RouteAnswer): void => {
          const refusal = "status" in who ? who : dispatcher.refuse(mounted, who);
          if (refusal !== null) {
            send(reply, refusal, request.id);
            return;
          }
          (request as AskedRequest).caller = who as Caller;
          settleContent(mounted.route, request, (unwanted) => {
            if (unwanted === null) done();
            else send(reply, unwanted, request.id);
          });
        };
        const who = whoAsks(mounted, request);
        if (who instanceof Promise) void who.then(decide);
        else decide(who);
      },
      handler: (request, reply) => {
        const { caller } = request as AskedRequest;
        const answer = dispatcher.serve(mounted, rawOf(request, reply), caller ?? ANONYMOUS);
        if (answer instanceof Promise) return answer.then((value) => send(reply, value, request.id));
        return send(reply, answer, request.id);
      },
    });
  }
  return app;

  /** Or what a request is answered of which that can't be said. */
  function whoAsks(
    mounted: MountedRoute,
    request: FastifyRequest,
  ): Caller | RouteAnswer | Promise<Caller | RouteAnswer> {
    if (!namesHost(request)) return hostless;
    if (!isQueryReadable(request.url)) return malformedUrl;
    const caller = readCaller(request.headers);
    if (authenticate === null || caller.internal || mounted.always || dispatcher.doors !== "open")
      return caller;
    try {
      const who = authenticate(request.headers as RouteRequest["headers"]);
      if (!(who instanceof Promise)) return authenticated(who);
      return who.then(authenticated).catch((error: unknown) => unauthenticatedBy(error, request.id));
    } catch (error) {
      return unauthenticatedBy(error, request.id);
    }
  }

  /** Who asks could not be found out. */
  function unauthenticatedBy(error: unknown, requestId: string): ProblemAnswer {
    log.error({ err: error, requestId }, "authentication failed to work");
    return answerForError(error, requestId);
  }
}

function authenticated(who: Authenticated): Caller | RouteAnswer {
  return who !== null && "status" in who ? who : { internal: false, principal: who };
}

function rawOf(request: FastifyRequest, { raw }: FastifyReply): Parameters<Dispatcher["serve"]>[1] {
  return {
    params: request.params as Record<string, string>,
    query: request.query as Record<string, string>,
    body: request.body as Buffer | undefined,
    headers: request.headers as RouteRequest["headers"],
    requestId: request.id,
    gone: () => closeOf(raw),
  };
}

/** Made where a route asks for it: most are done at once. */
function closeOf(response: ServerResponse): AbortSignal {
  const closed = new AbortController();
  if (response.closed) closed.abort();
  else response.once("close", () => closed.abort());
  return closed.signal;
}

function send(reply: FastifyReply, answer: RouteAnswer, requestId: string): FastifyReply {
  reply.code(answer.status).header("x-request-id", requestId);
  const { headers } = answer;
  // Most answers are somebody's alone, and the others are of this moment.
  if (headers?.["cache-control"] === undefined) reply.header("cache-control", "no-store");
  let contentType: string | undefined;
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (name === "content-type") contentType = value;
    reply.header(name, value);
  }
  const { body } = answer;
  if (body === undefined || answer.status === 204) return reply.send();
  if (contentType !== undefined && (typeof body === "string" || body instanceof Uint8Array))
    return reply.send(body);
  if (contentType === undefined) reply.header("content-type", "application/json; charset=utf-8");
  return reply.send(JSON.stringify(body));
}

/** Requests whose `Expect` Node does not know. It would refuse them without a word; so they are refused like all others. */
function unmetExpectations(server: Server): WeakSet<IncomingMessage> {
  const unmet = new WeakSet<IncomingMessage>();
  server.on("checkExpectation", (request, response) => {
    unmet.add(request);
    server.emit("request", request, response);
  });
  return unmet;
}

function unknownExpectation({ headers }: FastifyRequest): ProblemAnswer {
  return problem("expectation_failed", `Expect is ${shortened(headers.expect)}, and allowed is 100-continue`);
}

const malformedUrl = problem(
  "malformed_url",
  "the address has an invalid percent encoding, or a part that is too long",
);

const noHost = problem("malformed_http", "an HTTP/1.1 request names its host, once");
const hostless: RouteAnswer = { ...noHost, headers: { ...noHost.headers, connection: "close" } };

/** One host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2. Of several Node shows the first. */
function namesHost({ headers, raw }: FastifyRequest): boolean {
  if (headers.host === undefined) return raw.httpVersion !== "1.1";
  const { rawHeaders } = raw;
  let hosts = 0;
  for (let name = 0; name < rawHeaders.length; name += 2)
    if (rawHeaders[name]?.length === 4 && rawHeaders[name]?.toLowerCase() === "host") hosts += 1;
  return hosts === 1;
}

/** Fastify refuses an encoding that is none in a path; in a query it takes it for text. */
function isQueryReadable(url: string): boolean {
  const start = url.indexOf("?");
  if (start === -1 || !url.includes("%", start)) return true;
  try {
    decodeURIComponent(url.slice(start));
    return true;
  } catch {
    return false;
  }
}

/** What Fastify itself refuses: too large, another content type, a broken address, a broken connection. */
function faultOfTransport(error: unknown, request: FastifyRequest): ProblemAnswer {
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  switch (code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return problem(
        "body_too_large",
        `the body is larger than the ${request.routeOptions.bodyLimit} bytes that this route takes`,
      );
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return problem("unsupported_media_type", "the body's content type is not application/json");
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return problem("malformed_json", "the body's size is not its Content-Length");
    case "FST_ERR_BAD_URL":
    case "FST_ERR_MAX_PARAM_LENGTH":
      return malformedUrl;
    default:
      if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
        return problem("validation_failed", "the request is not valid");
      }
      return answerForError(error, request.id);
  }
}
