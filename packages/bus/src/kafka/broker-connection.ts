import { isIP } from "node:net";
import {
  type APIWithPromise,
  Connection,
  ConnectionStatuses,
  ResponseError,
  type SASLOptions,
} from "./client.ts";
import { connectionError } from "./connection-failure.ts";
import type { Address, ConnectionSettings } from "./connection-settings.ts";
import { unavailable } from "./failure.ts";

/** One request of the protocol at one version, as the client library has it. */
export interface KafkaApi<Request extends unknown[], Response> {
  readonly async: APIWithPromise<Request, Response>;
}

/** A socket to one broker. It is used until it fails once; whoever holds it then asks for another. */
export interface BrokerConnection {
  readonly usable: boolean;
  /**
   * Sends a request and answers the reply, also where its error codes tell of errors: looking at them is up to the caller.
   * Throws `bus_unavailable` when there is no reply in time, or none that can be read, and `bus_refused` when the broker
   * wants another kind of client; the connection is gone then.
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

/** Throws `bus_unavailable`; `bus_refused` where the broker, or this client, does not believe the other one. */
export async function openConnection(
  address: Address,
  settings: ConnectionSettings,
): Promise<BrokerConnection> {
  const connection = new Connection(settings.clientId, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: LIBRARY_LIMIT_MS,
    // An address is no server name; the certificate is held against it all the same.
    ...(settings.tls === undefined ? {} : { tls: settings.tls, tlsServerName: isIP(address.host) === 0 }),
    ...(settings.sasl === undefined ? {} : { sasl: settings.sasl satisfies SASLOptions }),
  });
  // An error event without a listener would end the process; what failed is told by the calls.
  connection.on("error", () => undefined);
  const connected = connection.connect(address.host, address.port) as Promise<void>;
  connection.socket.once(settings.tls === undefined ? "connect" : "secureConnect", () =>
    surviveMalformedReplies(connection),
  );
  // The library would prove itself again to a broker that is gone.
  connection.socket.once("close", () => connection.close(() => undefined));
  try {
    await connected;
  } catch (cause) {
    connection.socket.destroy();
    throw connectionError(cause, { address, settings, did: "no connection to" });
  }
  return new OpenConnection(connection, address, settings);
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
  readonly #settings: ConnectionSettings;
  #hasAnswered = false;

  constructor(connection: Connection, address: Address, settings: ConnectionSettings) {
    this.#connection = connection;
    this.#address = address;
    this.#settings = settings;
  }

  get usable(): boolean {
    return (this.#connection.isConnected() || this.#isProvingItself) && !this.#connection.socket.destroyed;
  }

  /** A broker ends sessions after a while (`connections.max.reauth.ms`), unless the client shows its password again. */
  get #isProvingItself(): boolean {
    return this.#connection.status === ConnectionStatuses.REAUTHENTICATING;
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
      const answer = await Promise.race([this.#ask(api, request), limit]);
      this.#hasAnswered = true;
      return answer;
    } catch (cause) {
      if (cause instanceof ResponseError) {
        this.#hasAnswered = true;
        return (cause as unknown as { readonly response: Response }).response;
      }
      this.destroy();
      const [address, settings] = [this.#address, this.#settings];
      if (this.#hasAnswered) throw unavailable(`the broker ${address.host}:${address.port} failed`, cause);
      throw connectionError(cause, { address, settings, did: "no answer from" });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Between the two halves of a proof the broker takes nothing else. */
  async #ask<Request extends unknown[], Response>(
    api: KafkaApi<Request, Response>,
    request: Request,
  ): Promise<Response> {
    if (this.#isProvingItself) await this.#connection.ready();
    return api.async(this.#connection, ...request);
  }

  destroy(): void {
    this.#connection.socket.destroy();
  }
}
