import type { AddressInfo, Socket } from "node:net";
import type { TestContext } from "node:test";
import type { Logger } from "pino";
import { Type } from "typebox";
import type { Route } from "../definition.ts";
import type { Dispatcher, MountedRoute } from "../http/dispatcher.ts";
import { createServer } from "../http/server.ts";
import { ANONYMOUS } from "../principal.ts";

export const BODY_LIMIT: number = 100;

/** A server without a service behind it: POST /echo, which is served by what is given. Answers its port. */
export async function bareServer(
  t: TestContext,
  options: {
    serve: Dispatcher["serve"];
    log?: object;
    requestTimeoutMs?: number;
    connected?: (socket: Socket) => void;
    /** Told when a connection has sent no HTTP, or not all of it in time, once the server has decided what becomes of it. */
    faulty?: () => void;
  },
): Promise<number> {
  const route: Partial<Route> = {
    method: "POST",
    path: "/echo",
    body: Type.Unknown(),
    bodyLimit: BODY_LIMIT,
  };
  const { serve, log = {}, connected, faulty, ...rest } = options;
  const server = createServer({
    dispatcher: {
      mounted: [{ route } as unknown as MountedRoute],
      refuse: () => null,
      serve,
    } as unknown as Dispatcher,
    readCaller: () => ANONYMOUS,
    authenticate: null,
    newId: () => "id",
    log: log as Logger,
    ...rest,
  });
  if (connected !== undefined) server.server.on("connection", connected);
  if (faulty !== undefined) server.server.on("clientError", faulty);
  await server.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => server.close());
  return (server.server.address() as AddressInfo).port;
}
