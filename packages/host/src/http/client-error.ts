import type { Socket } from "node:net";
import { type ProblemAnswer, problem } from "../problem.ts";

/**
 * Answers what is no HTTP, or not all of it in time, and ends the connection: what follows on it could not be told from
 * what came before. No route was reached, so nothing was done.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  if (socket.writable) socket.write(wireForm(problemOf(error)));
  socket.destroy(error);
}

function problemOf({ code }: NodeJS.ErrnoException): ProblemAnswer {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return problem("request_timeout", "the request did not come to its end in time; nothing was done");
  if (code === "HPE_HEADER_OVERFLOW") return problem("head_too_large", "address and headers are too long");
  return problem("malformed_http", "what was sent is not an HTTP/1.1 request");
}

function wireForm({ status, headers, body }: ProblemAnswer): string {
  const text = JSON.stringify(body);
  const fields = { ...headers, "content-length": String(Buffer.byteLength(text)), connection: "close" };
  const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${body.title}\r\n${head.join("")}\r\n${text}`;
}
