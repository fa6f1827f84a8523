import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Requests of one connection that may wait for the one that is worked on. */
const MOST_WAITING = 100;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

interface Connection {
  working: boolean;
  readonly waiting: (readonly [IncomingMessage, ServerResponse])[];
}

/**
 * Of one connection one request is worked on at a time: the next one is begun once the answer before it has been taken. What is
 * sent ahead would otherwise be answered at once, fifteen hundred requests of one packet, and their answers kept for as long as
 * the client likes. Who sends more ahead than may wait is cut off.
 */
export function oneAtATime(handle: Handle): Handle {
  const connections = new WeakMap<Socket, Connection>();
  const begin = (connection: Connection, request: IncomingMessage, response: ServerResponse): void => {
    connection.working = true;
    // As it comes: who passes a request on may take its socket away from it.
    const { socket } = request;
    response.once("close", () => {
      connection.working = false;
      // Nothing behind an answer that has ended its connection could be answered.
      const next = socket.writable ? connection.waiting.shift() : undefined;
      if (next !== undefined) begin(connection, ...next);
    });
    handle(request, response);
  };
  return (request, response) => {
    const { socket } = request;
    let connection = connections.get(socket);
    if (connection === undefined) {
      connection = { working: false, waiting: [] };
      connections.set(socket, connection);
    }
    const { working, waiting } = connection;
    if (!working) begin(connection, request, response);
    else if (waiting.length === MOST_WAITING) socket.destroy();
    else waiting.push([request, response]);
  };
}
