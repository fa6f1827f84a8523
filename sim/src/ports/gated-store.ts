import { assert } from "@bourse/base";
import { type Rows, type Statement, type Store, StoreError, type Transaction } from "@bourse/store";
import { mayRunAgain, storeError } from "@bourse/store/testing";
import type { InProcessPostgres } from "../database/in-process-postgres.ts";
import type { CrashGate } from "./crash-gate.ts";

const MAX_RERUNS = 8;

/** The one session of a process: transactions go one after the other. It ends, and rolls back, with the process. */
export class Session {
  readonly database: InProcessPostgres;
  /** A transaction whose end is still under way although nobody waits for it any more. */
  #left: (() => void) | null = null;
  #last: Promise<void> = Promise.resolve();
  #open = false;

  constructor(database: InProcessPostgres) {
    this.database = database;
  }

  /** Waits for its turn; the returned function gives it on. */
  async turn(): Promise<() => void> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  leave(late: () => void): void {
    this.#left = late;
  }

  begin(): void {
    const late = this.#left;
    this.#left = null;
    late?.();
    this.database.simple("SAVEPOINT work");
    this.#open = true;
  }

  commit(): void {
    this.database.simple("RELEASE SAVEPOINT work");
    this.#open = false;
  }

  rollback(): void {
    if (!this.#open) return;
    this.database.rollBackTo("work");
    this.database.simple("RELEASE SAVEPOINT work");
    this.#open = false;
  }
}

/** A service's store on the in-process PostgreSQL, with the semantics of `postgresStore`. */
export function gatedStore(options: {
  readonly service: string;
  readonly schema: string;
  readonly session: Session;
  readonly gate: CrashGate;
}): Store {
  const { service, schema, session, gate } = options;
  const unavailable = (): StoreError =>
    new StoreError("store_unavailable", "the database does not answer", { retryable: true });
  const unknown = (): StoreError =>
    new StoreError("commit_unknown", "the answer to COMMIT was lost", { retryable: false });

  const send = (name: string, statements: readonly Statement[]): readonly Rows[] => {
    try {
      return session.database.pipeline(schema, statements);
    } catch (error) {
      throw storeError(error, `transaction ${name}`, false);
    }
  };

  const once = async <T>(name: string, work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const beginning = { port: "begin", what: `${service}: ${name}`, writes: false, lost: null } as const;
    const hangs = { refused: null, mayHang: true, onlyHangs: true } as const;
    await gate.pass({ ...beginning, ...hangs }, () => undefined);
    const give = await gate.through(() => session.turn());
    const done: Statement[] = [];
    let state: "open" | "ended" = "open";
    let touched = false;
    let failure: unknown;
    const noted = async <R>(attempt: Promise<R>): Promise<R> => {
      try {
        return await attempt;
      } catch (error) {
        failure ??= error;
        throw error;
      }
    };
    const leave = (statements: readonly Statement[]): void => {
      session.leave(() => {
        session.begin();
        try {
          session.database.pipeline(schema, [...done, ...statements]);
          session.commit();
        } catch {
          // It would have failed in time, too: nobody waits for the reason any more.
          session.rollback();
        }
      });
    };
    const commit = (statements: readonly Statement[]): Promise<readonly Rows[]> => {
      assert(state === "open", "nothing follows the commit of a transaction");
      state = "ended";
      if (!touched && statements.length === 0) return Promise.resolve([]);
      const call = { port: "transaction", what: `${service}: ${name}`, writes: true } as const;
      return noted(
        gate.pass({ ...call, lost: unknown, refused: unavailable, leave: () => leave(statements) }, () => {
          const rows = statements.length === 0 ? [] : send(name, statements);
          session.commit();
          return rows;
        }),
      );
    };
    const tx: Transaction = {
      run: (statements) => {
        assert(state === "open", "nothing follows the commit of a transaction");
        if (statements.length === 0) return Promise.resolve([]);
        if (failure !== undefined) return Promise.reject(failure);
        touched = true;
        const call = { port: "statement", what: `${service}: ${name}`, writes: false } as const;
        return noted(
          gate.pass({ ...call, lost: null, refused: unavailable }, () => {
            done.push(...statements);
            return send(name, statements);
          }),
        );
      },
      commit: (statements = []) => (failure === undefined ? commit(statements) : Promise.reject(failure)),
    };
    session.begin();
    try {
      let result: T;
      try {
        result = await work(tx);
      } catch (error) {
        throw failure !== undefined && mayRunAgain(failure) ? failure : error;
      }
      if (failure !== undefined) throw failure;
      if (state === "open") await commit([]);
      return result;
    } finally {
      // What committed has nothing left to roll back. A dead process never comes here: its session did it.
      session.rollback();
      give();
    }
  };

  const queries: Store["queries"] = async (statements) => {
    const call = {
      port: "query",
      what: `${service}: ${firstWords(statements[0]?.text ?? "")}`,
      writes: false,
    } as const;
    return await gate.pass({ ...call, lost: null, refused: unavailable }, async () => {
      const give = await session.turn();
      try {
        return statements.map((each) => (gate.alive ? session.database.look(schema, each) : []));
      } catch (error) {
        throw storeError(error, "query", false);
      } finally {
        give();
      }
    });
  };

  return {
    transaction: async (name, work) => {
      for (let run = 1; ; run++) {
        try {
          return await once(name, work);
        } catch (error) {
          if (run > MAX_RERUNS || !mayRunAgain(error)) throw error;
        }
      }
    },
    query: async (statement) => (await queries([statement]))[0] ?? [],
    queries,
    ping: () => gate.through(() => undefined),
    close: async () => undefined,
  };
}

function firstWords(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 60);
}
