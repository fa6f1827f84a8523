import { once } from "node:events";
import { ExponentialBackoff, handleWhen, type RetryPolicy, retry } from "cockatiel";
import pg from "pg";
import { poolConfig } from "./connection-options.ts";
import { isStalePlan, mayRunAgain, queryError, storeError } from "./failure.ts";
import { forgetPrepared, sendPipeline } from "./pipeline.ts";
import type { PoolLoad, Rows, Statement, Store, StoreOptions, Transaction } from "./port.ts";
import { PostgresTransaction } from "./postgres-transaction.ts";
import { StoreError } from "./store-error.ts";

/** Callers that may wait for a connection; one more is answered `store_unavailable` at once. */
const MAX_WAITING = 10_000;
/** Reruns of a transaction that lost a race (40P01, 40001) before it is the caller's to try again. */
const MAX_RERUNS = 8;
/** A server that ends a session takes milliseconds; one that says nothing must not hold its client up. */
const LAST_SESSION_LIMIT_MS = 2_000;
const RERUN_BACKOFF = { initialDelay: 4, maxDelay: 200 };

/** A store on PostgreSQL with a pool of its own. Connects on first use; `ping` tells whether it can. */
export function postgresStore(options: StoreOptions): Store {
  return new PostgresStore(options);
}

class PostgresStore implements Store {
  readonly #pool: pg.Pool;
  readonly #onRerun: StoreOptions["onRerun"];
  readonly #sessions = new Set<pg.PoolClient>();
  #closing: Promise<void> | undefined;

  constructor(options: StoreOptions) {
    this.#pool = new pg.Pool(poolConfig(options));
    this.#onRerun = options.onRerun;
    // A connection that dies is seen by the call that uses it, or replaced by the pool where it was idle.
    this.#pool.on("error", ignore);
    this.#pool.on("connect", (client) => {
      client.on("error", ignore);
      this.#sessions.add(client);
    });
    this.#pool.on("remove", (client) => this.#sessions.delete(client));
  }

  async transaction<T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    try {
      return await this.#once(name, work);
    } catch (error) {
      if (!mayRunAgain(error)) throw error;
      return await this.#again(name, work, error);
    }
  }

  /** Runs a transaction that has lost its race until it wins one, or has lost too many. */
  #again<T>(name: string, work: (tx: Transaction) => Promise<T>, lost: unknown): Promise<T> {
    const reruns = rerunPolicy();
    if (this.#onRerun !== undefined) {
      const observe = this.#onRerun;
      reruns.onRetry((reason) => {
        if ("error" in reason && reason.error instanceof StoreError)
          observe(name, reason.error.sqlState ?? "");
      });
    }
    return runAgain(reruns, lost, () => this.#once(name, work));
  }

  async #once<T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#connect(name);
    const tx = new PostgresTransaction(client, name);
    let reusable = false;
    try {
      const result = await tx.complete(work);
      reusable = true;
      return result;
    } catch (error) {
      reusable = await tx.rollback();
      if (error instanceof StoreError && isStalePlan(error)) forgetPrepared(client);
      throw error;
    } finally {
      client.release(!reusable);
    }
  }

  async query(statement: Statement): Promise<Rows> {
    const [rows = []] = await this.queries([statement]);
    return rows;
  }

  queries(statements: readonly Statement[]): Promise<readonly Rows[]> {
    return this.#readAgain(() => this.#read(statements, READ_ONLY));
  }

  async scan(statement: Statement): Promise<Rows> {
    const [rows = []] = await this.#readAgain(() => this.#read([statement], SCAN, SCAN_ANSWER_TIMEOUT_MS));
    return rows;
  }

  async #readAgain(read: () => Promise<readonly Rows[]>): Promise<readonly Rows[]> {
    try {
      return await read();
    } catch (error) {
      if (!mayRunAgain(error)) throw error;
      return await runAgain(rerunPolicy(), error, read);
    }
  }

  async #read(
    statements: readonly Statement[],
    settings: Statement,
    answerTimeoutMs?: number,
  ): Promise<readonly Rows[]> {
    const client = await this.#connect("query");
    let broken = true;
    try {
      const results = await sendPipeline(client, [settings, ...statements], answerTimeoutMs);
      broken = false;
      return results.slice(1);
    } catch (error) {
      const failure = queryError(error);
      broken = failure.sqlState === undefined && failure.code === "store_unavailable";
      if (isStalePlan(failure)) forgetPrepared(client);
      throw failure;
    } finally {
      client.release(broken);
    }
  }

  async ping(): Promise<void> {
    await this.query({ text: "SELECT 1", values: [] });
  }

  load(): PoolLoad {
    const { totalCount, waitingCount, options } = this.#pool;
    return { connections: totalCount, limit: options.max, waiting: waitingCount };
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  /** The pool has ended once it has told the server so: whoever asks then finds sessions of somebody who has gone. */
  async #end(): Promise<void> {
    await this.#pool.end();
    const limit = AbortSignal.timeout(LAST_SESSION_LIMIT_MS);
    while (this.#sessions.size > 0 && !limit.aborted)
      await once(this.#pool, "remove", { signal: limit }).catch(ignore);
  }

  async #connect(doing: string): Promise<pg.PoolClient> {
    if (this.#closing !== undefined) {
      throw new StoreError("store_closed", `${doing}: the store is closed`, { retryable: false });
    }
    if (this.#pool.waitingCount >= MAX_WAITING) {
      throw new StoreError("store_unavailable", `${doing}: ${MAX_WAITING} calls wait for a connection`, {
        retryable: true,
      });
    }
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw storeError(error, doing, false);
    }
  }
}

/**
 * Makes the pipeline's implicit transaction refuse writes, so that a read may be repeated without asking. Reads have
 * filters that may or may not be given: they are planned for the values they come with.
 */
const READ_ONLY: Statement = {
  text: `SELECT set_config('transaction_read_only', 'on', true), set_config('plan_cache_mode', 'force_custom_plan', true),
    set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true), set_config('enable_mergejoin', 'on', true)`,
  values: [],
};

const SCAN_TIMEOUT_MS = 10 * 60_000;
/** Above the server's own, as a statement's is. */
const SCAN_ANSWER_TIMEOUT_MS = SCAN_TIMEOUT_MS + 5_000;

/** Sums of millions of rows are sorted and hashed in memory that nothing else of a session needs. */
const SCAN: Statement = {
  text: `${READ_ONLY.text}, set_config('statement_timeout', '${SCAN_TIMEOUT_MS}', true), set_config('work_mem', '64MB', true)`,
  values: [],
};

function rerunPolicy(): RetryPolicy {
  return retry(handleWhen(mayRunAgain), {
    maxAttempts: MAX_RERUNS,
    backoff: new ExponentialBackoff(RERUN_BACKOFF),
  });
}

/** Goes on behind a first try that was lost: few are, and the policy is made for them alone. */
function runAgain<T>(reruns: RetryPolicy, lost: unknown, attempt: () => Promise<T>): Promise<T> {
  let isFirst = true;
  return reruns.execute(() => {
    if (!isFirst) return attempt();
    isFirst = false;
    throw lost;
  });
}

function ignore(): void {}
