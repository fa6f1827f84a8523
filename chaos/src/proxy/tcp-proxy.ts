import { once } from "node:events";
import { createServer, connect as openSocket, type Server, type Socket } from "node:net";

const LOOPBACK = "127.0.0.1";

export type Direction = "to-server" | "to-client";

/** Bytes that are replaced on their way to the server, of the same length; answers are put back. */
export interface Rewriting {
  readonly from: string;
  readonly to: string;
}

export interface TcpProxyOptions {
  /** What a connection is called, by the first bytes of its client. Default: nothing. */
  readonly labelOf?: (first: Buffer) => string;
  /** What is rewritten on connections of this label; null: nothing. */
  readonly rewriting?: (label: string) => Rewriting | null;
}

/** Connections whose bytes of one direction vanish while both ends believe that they are connected. */
export interface Loss {
  readonly direction: Direction;
  /** Only connections with these labels; absent: all. */
  readonly of?: (label: string) => boolean;
}

/**
 * Stands between a client and the servers behind it: new connections go to the targets in turn, and bytes of one
 * direction can be made to vanish. A stream that has lost bytes is never whole again: it stays open and dumb in that
 * direction also after the loss has ended, until an end gives it up.
 */
export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #server: Server;
  readonly #wires = new Set<Wire>();
  readonly #taken = new Map<number, number>();
  #targets: readonly number[] = [];
  #turn = 0;
  #loss: Loss | null = null;
  #swallowedBytes = 0;

  private constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#take(client));
  }

  /** Listens on a free port of the loopback address. Without targets connections are refused after they were made. */
  static async open(targets: readonly number[], options: TcpProxyOptions = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(options);
    proxy.#targets = targets;
    proxy.#server.listen(0, LOOPBACK);
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Bytes that have vanished so far. */
  get swallowedBytes(): number {
    return this.#swallowedBytes;
  }

  /** How many connections a target's port was given so far. */
  connectionsOf(target: number): number {
    return this.#taken.get(target) ?? 0;
  }

  /** Where new connections go; those to other targets are cut, as a load balancer does with what it takes out. */
  route(targets: readonly number[]): void {
    this.#targets = targets;
    for (const wire of this.#wires) if (!targets.includes(wire.target)) wire.cut();
  }

  /** Where new connections go; those that there are stay, until an end of them closes. */
  lead(targets: readonly number[]): void {
    this.#targets = targets;
  }

  lose(loss: Loss): void {
    this.#loss = loss;
  }

  /** New bytes pass again, except on streams that have lost some. */
  endLoss(): void {
    this.#loss = null;
  }

  /** Ends every connection of these labels; all where none is given. */
  cut(of: (label: string) => boolean = () => true): void {
    for (const wire of this.#wires) if (of(wire.label)) wire.cut();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(client: Socket): void {
    const target = this.#targets[this.#turn++ % Math.max(1, this.#targets.length)];
    if (target === undefined) {
      client.on("error", () => undefined);
      client.destroy();
      return;
    }
    this.#taken.set(target, this.connectionsOf(target) + 1);
    const wire = new Wire(client, target, {
      ...this.#options,
      isLost: (label, direction) =>
        this.#loss !== null && this.#loss.direction === direction && (this.#loss.of?.(label) ?? true),
      swallowed: (bytes) => {
        this.#swallowedBytes += bytes;
      },
      ended: () => this.#wires.delete(wire),
    });
    this.#wires.add(wire);
  }
}

interface WireOptions extends TcpProxyOptions {
  readonly isLost: (label: string, direction: Direction) => boolean;
  readonly swallowed: (bytes: number) => void;
  readonly ended: () => void;
}

/** One connection on both sides of the proxy. */
class Wire {
  readonly target: number;
  label = "";
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #options: WireOptions;
  readonly #dumb = new Set<Direction>();
  #isLabelled = false;
  #rewriting: Rewriting | null = null;

  constructor(client: Socket, target: number, options: WireOptions) {
    this.target = target;
    this.#client = client;
    this.#options = options;
    this.#server = openSocket(target, LOOPBACK);
    for (const socket of [client, this.#server]) {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("close", () => this.cut());
    }
    client.on("data", (chunk: Buffer) => this.#pass("to-server", chunk));
    this.#server.on("data", (chunk: Buffer) => this.#pass("to-client", chunk));
  }

  cut(): void {
    this.#client.destroy();
    this.#server.destroy();
    this.#options.ended();
  }

  #pass(direction: Direction, chunk: Buffer): void {
    if (direction === "to-server" && !this.#isLabelled) this.#labelBy(chunk);
    if (this.#dumb.has(direction) || this.#options.isLost(this.label, direction)) {
      this.#dumb.add(direction);
      this.#options.swallowed(chunk.length);
      return;
    }
    const [from, to] =
      direction === "to-server" ? [this.#client, this.#server] : [this.#server, this.#client];
    if (to.write(this.#rewritten(direction, chunk))) return;
    from.pause();
    to.once("drain", () => from.resume());
  }

  #labelBy(first: Buffer): void {
    this.#isLabelled = true;
    this.label = this.#options.labelOf?.(first) ?? "";
    this.#rewriting = this.#options.rewriting?.(this.label) ?? null;
  }

  /** Of equal length, so that lengths inside the protocol stay true. */
  #rewritten(direction: Direction, chunk: Buffer): Buffer {
    if (this.#rewriting === null) return chunk;
    const { from, to } = this.#rewriting;
    const [old, fresh] = direction === "to-server" ? [from, to] : [to, from];
    const text = chunk.toString("latin1");
    return text.includes(old) ? Buffer.from(text.replaceAll(old, fresh), "latin1") : chunk;
  }
}
