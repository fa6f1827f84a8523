import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Cuts off who does not take an answer: where nothing of it moves for `takeWithinMs`, it and its connection would be kept for
 * as long as the client likes. Who takes it slowly gets all of it, and who waits for a route that works on it may wait.
 */
export function cutUntakenAnswers(server: Server, takeWithinMs: number): void {
  // Of a connection on which nothing moves Node asks the answer whose turn it is, and ends it itself where there is none.
  server.setTimeout(takeWithinMs);
  const decide = (response: ServerResponse, socket: Socket): void => {
    // One that is passed on is not at its end as long as nothing more of it is taken.
    if (response.writableEnded || socket.writableLength > 0) socket.destroy();
    else socket.setTimeout(takeWithinMs);
  };
  server.on("request", (_request, response) => {
    response.on("timeout", (socket: Socket) => decide(response, socket));
  });
}
