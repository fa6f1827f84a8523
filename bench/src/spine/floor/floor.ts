import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Desk } from "../order-requests.ts";
import { accountIdOf } from "../venue.ts";
import type { FloorReady, FloorTask } from "./floor-process.ts";
import { FloorTables } from "./floor-tables.ts";

export interface FloorOptions {
  /** Of the superuser of a PostgreSQL that has had no floor yet. */
  readonly adminUrl: string;
  /** The platform's, whose keys and accounts it takes over. */
  readonly desk: Desk;
  /** Ends it at once. */
  readonly signal: AbortSignal;
}

/**
 * The least that a venue does which answers after a durable commit: it reads the same requests, writes each order and
 * the balance that it takes from, in as few transactions, and answers as much. A process of its own, with a schema of
 * its own on the platform's PostgreSQL.
 */
export class Floor {
  /** The platform's, with the floor's address. */
  readonly desk: Desk;
  readonly #child: ChildProcess;
  readonly #tables: FloorTables;

  private constructor(desk: Desk, child: ChildProcess, tables: FloorTables) {
    this.desk = desk;
    this.#child = child;
    this.#tables = tables;
  }

  static async start({ adminUrl, desk, signal }: FloorOptions): Promise<Floor> {
    const accountIds = Array.from({ length: desk.size.accounts }, (_, index) => accountIdOf(index));
    const tables = new FloorTables(adminUrl);
    const child = fork(fileURLToPath(new URL("./floor-process.ts", import.meta.url)), { signal });
    // That it was aborted; its exit is told besides.
    child.on("error", () => {});
    try {
      await tables.create(accountIds);
      const accounts = accountIds.map((id, index) => [desk.accountKeys[index] ?? "", id] as const);
      const { port } = await serving(child, { databaseUrl: adminUrl, accounts });
      return new Floor({ ...desk, gatewayUrl: `http://127.0.0.1:${port}` }, child, tables);
    } catch (error) {
      await end(child);
      await tables.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Its orders with client order ids that begin with `prefix`, counted in SQL; then it forgets all that it has. */
  async takeCount(prefix: string): Promise<number> {
    const orders = await this.#tables.count(prefix);
    await this.#tables.forgetOrders();
    return orders;
  }

  async stop(): Promise<void> {
    await end(this.#child);
    await this.#tables.close();
  }
}

async function serving(child: ChildProcess, task: FloorTask): Promise<FloorReady> {
  const answered = once(child, "message") as Promise<[FloorReady]>;
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the floor ended with code ${code}`);
  });
  child.send(task);
  const [ready] = await Promise.race([answered, ended]);
  return ready;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill();
  await ended;
}
