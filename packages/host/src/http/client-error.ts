import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type ProblemAnswer, problem } from "../problem.ts";

/** What a connection has asked for last. */
interface Connection {
  latest: ServerResponse<IncomingMessage>;
  /** The one before it: its request had come whole before the latest began. */
  previous: ServerResponse<IncomingMessage> | null;
}

/**
 * Answers what is no HTTP, or not all of it in time, and ends the connection: what follows on it could not be told from
 * what came before. Whole requests before it are answered first, each in its place; the faulty one reaches no route that takes
 * a body.
 */
export class ClientErrors {
  readonly #connections = new WeakMap<Socket, Connection>();
  readonly #takeWithinMs: number;

  /**
   * A faulty connection on which nothing moves for so long is cut off: its client does not take what it is owed, or a route
   * works on it for longer than any may.
   */
  constructor(takeWithinMs: number) {
    this.#takeWithinMs = takeWithinMs;
  }

  /** Every request of the server passes here. */
  watch(server: Server): void {
    server.on("request", (request, response) => {
      const known = this.#connections.get(request.socket);
      if (known === undefined) this.#connections.set(request.socket, { latest: response, previous: null });
      else {
        known.previous = known.latest;
        known.latest = response;
      }
    });
    // Nothing watches this socket any more: Node has handed it out for a tunnel.
    server.on("connect", (_request, socket: Socket) => {
      socket.on("error", () => socket.destroy());
      this.#endWith(noTunnel, socket);
    });
  }

  answer(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === "ECONNRESET" || socket.destroyed) return;
    this.#endWith(problemOf(error), socket);
  }

  #endWith(answer: ProblemAnswer, socket: Socket): void {
    // What is only late would otherwise come while its answer waits, and be served.
    socket.pause();
    socket.setTimeout(this.#takeWithinMs, () => socket.destroy());
    const connection = this.#connections.get(socket);
    if (connection === undefined) {
      endWith(answer, socket);
      return;
    }
    const { latest, previous } = connection;
    const isWhole = latest.req.complete;
    afterAnswer(isWhole ? latest : previous, () => {
      // Some faults of a request are known before all of it has come: it has its answer then.
      const isAnswered = !isWhole && latest.headersSent;
      endWith(isAnswered ? null : answer, socket);
    });
  }
}

function endWith(answer: ProblemAnswer | null, socket: Socket): void {
  if (answer !== null && socket.writable) socket.write(wireForm(answer));
  socket.destroySoon();
}

/** Answers go out in the order of their requests, so after this one nothing from before it is left. */
function afterAnswer(response: ServerResponse | null, go: () => void): void {
  if (response === null || response.closed) go();
  else response.once("close", go);
}

function problemOf({ code }: NodeJS.ErrnoException): ProblemAnswer {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return problem("request_timeout", "the request did not come to its end in time; nothing was done");
  if (code === "HPE_HEADER_OVERFLOW") return problem("head_too_large", "address and headers are too long");
  return problem("malformed_http", "what was sent is not an HTTP/1.1 request");
}

const noTunnel = problem("method_not_implemented", "CONNECT asks for a tunnel, and nothing here makes one");

function wireForm({ status, headers, body }: ProblemAnswer): string {
  const text = JSON.stringify(body);
  const fields = { ...headers, "content-length": String(Buffer.byteLength(text)), connection: "close" };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${body.title}\r\n${head.join("")}\r\n${text}`;
}
