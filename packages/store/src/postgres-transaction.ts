import { assert } from "@bourse/base";
import type { PoolClient } from "pg";
import { mayRunAgain, storeError } from "./failure.ts";
import { sendPipeline } from "./pipeline.ts";
import type { Rows, Statement, Transaction } from "./port.ts";
import type { StoreError } from "./store-error.ts";

const BEGIN: Statement = { text: "BEGIN", values: [] };
const COMMIT: Statement = { text: "COMMIT", values: [] };

/**
 * One try of a transaction on one connection. The first `run` travels with BEGIN; a `commit` after it with COMMIT.
 * A transaction whose only call is `commit` needs neither: its one Sync commits, and an error leaves nothing to roll
 * back.
 */
export class PostgresTransaction implements Transaction {
  readonly #client: PoolClient;
  readonly #name: string;
  #state: "fresh" | "open" | "ended" = "fresh";
  #busy = false;
  #failure: StoreError | undefined;

  constructor(client: PoolClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async run(statements: readonly Statement[]): Promise<readonly Rows[]> {
    if (statements.length === 0) return [];
    const first = this.#state === "fresh";
    if (first) this.#state = "open";
    const results = await this.#send(first ? [BEGIN, ...statements] : statements, false);
    return first ? results.slice(1) : results;
  }

  async commit(statements: readonly Statement[] = []): Promise<readonly Rows[]> {
    const open = this.#state === "open";
    if (!open && statements.length === 0) {
      this.#state = "ended";
      return [];
    }
    const results = await this.#send(open ? [...statements, COMMIT] : statements, true);
    this.#state = "ended";
    return open ? results.slice(0, -1) : results;
  }

  /** Runs `work` and commits after it where it did not. A failure that `work` swallowed is thrown all the same. */
  async complete<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work(this);
    } catch (error) {
      // A race that was lost is rerun even where `work` put its own error in the place of ours.
      throw this.#failure !== undefined && mayRunAgain(this.#failure) ? this.#failure : error;
    }
    assert(!this.#busy, "a transaction awaits all it runs");
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#state === "open") await this.commit();
    return result;
  }

  /** Leaves the connection outside any transaction; false where it can't be used again. */
  async rollback(): Promise<boolean> {
    if (this.#busy || this.#failure?.code === "commit_unknown") return false;
    try {
      if (this.#state === "open") await sendPipeline(this.#client, [{ text: "ROLLBACK", values: [] }]);
      this.#state = "ended";
      return true;
    } catch {
      return false;
    }
  }

  async #send(statements: readonly Statement[], commits: boolean): Promise<readonly Rows[]> {
    assert(this.#state !== "ended", "nothing follows the commit of a transaction");
    assert(!this.#busy, "a transaction does one thing at a time");
    if (this.#failure !== undefined) throw this.#failure;
    this.#busy = true;
    try {
      return await sendPipeline(this.#client, statements);
    } catch (error) {
      this.#failure = storeError(error, `transaction ${this.#name}`, commits);
      throw this.#failure;
    } finally {
      this.#busy = false;
    }
  }
}
