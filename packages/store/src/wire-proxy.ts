import { once } from "node:events";
import { createServer, connect as openSocket, type Socket } from "node:net";

/** For tests: stands between a store and PostgreSQL, counts round trips and cuts the wire at a chosen moment. */
export interface WireProxy {
  /** `url` led through the proxy. */
  readonly url: string;
  /** Sync and simple Query messages seen: each is one round trip. */
  readonly trips: number;
  /**
   * What happens at the next trip: `before` the server gets it, or `after` it has answered, the client's connection is
   * cut; `mute` swallows the answer and leaves the connection open.
   */
  atNextTrip(cut: "before" | "after" | "mute"): void;
  close(): Promise<void>;
}

/** Starts a proxy to the server of `url`, over a unix socket or TCP. */
export async function wireProxy(url: string): Promise<WireProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let trips = 0;
  let planned: "before" | "after" | "mute" | undefined;
  const server = createServer((client) => {
    const upstream = openUpstream(target);
    const count = tripCounter();
    let cut: typeof planned;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      const here = count(chunk);
      trips += here;
      if (here > 0 && planned !== undefined) {
        cut = planned;
        planned = undefined;
      }
      if (cut === "before") client.destroy();
      else upstream.write(chunk);
    });
    upstream.on("data", (chunk: Buffer) => {
      if (cut === "after") client.destroy();
      else if (cut !== "mute") client.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const led = new URL(url);
  led.searchParams.delete("host");
  led.hostname = "127.0.0.1";
  led.port = String(typeof address === "object" ? address?.port : "");
  return {
    url: led.href,
    get trips() {
      return trips;
    },
    atNextTrip(cut) {
      planned = cut;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function openUpstream(target: URL): Socket {
  const socketFolder = target.searchParams.get("host");
  const port = Number(target.port || "5432");
  return socketFolder?.startsWith("/")
    ? openSocket(`${socketFolder}/.s.PGSQL.${port}`)
    : openSocket(port, socketFolder ?? target.hostname);
}

/** Follows one client's messages: a type byte, except in the first one, and a length. */
function tripCounter(): (chunk: Buffer) => number {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    let found = 0;
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return found;
      const length = head + rest.readInt32BE(head);
      if (rest.length < length) return found;
      if (started && (rest[0] === SYNC || rest[0] === QUERY)) found++;
      started = true;
      rest = rest.subarray(length);
    }
  };
}

const SYNC = "S".charCodeAt(0);
const QUERY = "Q".charCodeAt(0);
