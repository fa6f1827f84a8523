import { assert } from "@bourse/base";
import { type Rows, type Statement, type Store, StoreError, type Transaction } from "@bourse/store";
import { mayRunAgain, storeError } from "@bourse/store/testing";
import type { InProcessPostgres } from "../database/in-process-postgres.ts";
import type { CrashGate } from "./crash-gate.ts";
import { Turns, type TurnTaker } from "./turns.ts";

const MAX_RERUNS = 8;

/** The one session of a process: transactions go one after the other. It ends, and rolls back, with the process. */
export class Session implements TurnTaker {
  readonly database: InProcessPostgres;
  readonly #turns: Turns;
  /** Counts transactions; the one that is open has the last number. */
  #begun = 0;
  #isOpen = false;
  #isStopped = false;

  constructor(database: InProcessPostgres, turns: Turns = new Turns()) {
    this.database = database;
    this.#turns = turns;
  }

  /** Waits for its turn; the returned function gives it on. */
  turn(): Promise<() => void> {
    return this.#turns.wait(this);
  }

  leave(late: () => void): void {
    this.#turns.late = late;
  }

  /** Its number. */
  begin(): number {
    const { late } = this.#turns;
    this.#turns.late = null;
    late?.();
    this.database.simple("SAVEPOINT work");
    this.#isOpen = true;
    return ++this.#begun;
  }

  /** The server has not ended it. */
  isOpen(number: number): boolean {
    return this.#isOpen && number === this.#begun;
  }

  commit(): void {
    this.database.simple("RELEASE SAVEPOINT work");
    this.#isOpen = false;
  }

  rollback(): void {
    if (!this.#isOpen) return;
    this.database.rollBackTo("work");
    this.database.simple("RELEASE SAVEPOINT work");
    this.#isOpen = false;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  stop(): void {
    this.#isStopped = true;
  }

  goOn(): void {
    this.#isStopped = false;
    this.#turns.next();
  }

  /** The server ends what is idle in a transaction (R5). */
  cut(): void {
    this.rollback();
    this.#turns.end(this);
  }

  /** The process is gone. */
  end(): void {
    this.rollback();
    this.#turns.leave(this);
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
          if (!session.isOpen(number)) throw unavailable();
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
            if (!session.isOpen(number)) throw unavailable();
            done.push(...statements);
            return send(name, statements);
          }),
        );
      },
      commit: (statements = []) => (failure === undefined ? commit(statements) : Promise.reject(failure)),
    };
    const number = session.begin();
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
      if (session.isOpen(number)) session.rollback();
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
    scan: async (statement) => (await queries([statement]))[0] ?? [],
    queries,
    ping: () => gate.through(() => undefined),
    close: async () => undefined,
  };
}

function firstWords(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 60);
}
