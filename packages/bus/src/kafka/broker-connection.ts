import type { ConnectionOptions as TlsOptions } from "node:tls";
import { type APIWithPromise, Connection, ResponseError, type SASLOptions } from "@platformatic/kafka";
import { unavailable } from "./failure.ts";

export interface ConnectionSettings {
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslSettings;
}

export interface SaslSettings {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** One request of the protocol at one version, as the client library has it. */
export interface KafkaApi<Request extends unknown[], Response> {
  readonly async: APIWithPromise<Request, Response>;
}

/** A socket to one broker. It is used until it fails once; whoever holds it then asks for another. */
export interface BrokerConnection {
  readonly usable: boolean;
  /**
   * Sends a request and answers the reply, also where its error codes tell of errors: looking at them is up to the caller.
   * Throws `bus_unavailable` when there is no reply in time, or none that can be read; the connection is gone then.
   */
  call<Request extends unknown[], Response>(
    api: KafkaApi<Request, Response>,
    limitMs: number,
    ...request: Request
  ): Promise<Response>;
  destroy(): void;
}

const CONNECT_TIMEOUT_MS = 5000;
/** The library's own limit comes later than every limit of ours: one place decides. */
const LIBRARY_LIMIT_MS = 600_000;

export async function openConnection(
  address: Address,
  settings: ConnectionSettings,
): Promise<BrokerConnection> {
  const connection = new Connection(settings.clientId, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: LIBRARY_LIMIT_MS,
    ...(settings.tls === undefined ? {} : { tls: settings.tls, tlsServerName: true }),
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl satisfies SASLOptions }),
  });
  // An error event without a listener would end the process; what failed is told by the calls.
  connection.on("error", () => undefined);
  const connected = connection.connect(address.host, address.port) as Promise<void>;
  connection.socket.once(settings.tls === undefined ? "connect" : "secureConnect", () =>
    surviveMalformedReplies(connection),
  );
  try {
    await connected;
  } catch (cause) {
    connection.socket.destroy();
    throw unavailable(`no connection to the broker ${address.host}:${address.port}`, cause);
  }
  return new OpenConnection(connection, address);
}

/** What the library throws while it reads a reply ends the connection, not the process. */
function surviveMalformedReplies(connection: Connection): void {
  const { socket } = connection;
  const readers = socket.listeners("data");
  socket.removeAllListeners("data");
  socket.on("data", (chunk) => {
    try {
      for (const read of readers) read.call(socket, chunk);
    } catch (cause) {
      socket.destroy(cause instanceof Error ? cause : new Error(String(cause)));
    }
  });
}

class OpenConnection implements BrokerConnection {
  readonly #connection: Connection;
  readonly #address: Address;

  constructor(connection: Connection, address: Address) {
    this.#connection = connection;
    this.#address = address;
  }

  get usable(): boolean {
    return this.#connection.isConnected() && !this.#connection.socket.destroyed;
  }

  async call<Request extends unknown[], Response>(
    api: KafkaApi<Request, Response>,
    limitMs: number,
    ...request: Request
  ): Promise<Response> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${limitMs} ms`)), limitMs);
    });
    try {
      return await Promise.race([api.async(this.#connection, ...request), limit]);
    } catch (cause) {
      if (cause instanceof ResponseError)
        return (cause as unknown as { readonly response: Response }).response;
      this.destroy();
      throw unavailable(`the broker ${this.#address.host}:${this.#address.port} failed`, cause);
    } finally {
      clearTimeout(timer);
    }
  }

  destroy(): void {
    this.#connection.socket.destroy();
  }
}
