import type { Server } from "node:http";
import { Counter, type Registry } from "prom-client";

/** Each connection costs memory and a file descriptor, of which the log and the database need theirs. */
export function boundConnections(server: Server, most: number, registry: Registry): void {
  const refused = new Counter({
    name: "bourse_http_connections_refused_total",
    help: "Connections that were ended at once, since HTTP_MAX_CONNECTIONS were open",
    registers: [registry],
  });
  server.maxConnections = most;
  server.on("drop", () => refused.inc());
}
