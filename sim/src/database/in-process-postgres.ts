import { assert } from "@bourse/base";
import type { Row, Rows, Statement } from "@bourse/store";
import { columnReader, wireValue } from "@bourse/store/testing";
import { PGlite } from "@electric-sql/pglite";
import {
  bindMessage,
  copyMessages,
  EXECUTE,
  prepareMessages,
  queryMessage,
  readAnswers,
  type ServerFailure,
  SYNC,
} from "./wire-codec.ts";

const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5]);

interface Prepared {
  readonly name: string;
  columns: readonly { readonly name: string; readonly read: (text: string) => unknown }[];
}

/**
 * One session of an in-process PostgreSQL, spoken to in its own protocol and synchronously: nothing else runs meanwhile.
 * All of a run lives in one outer transaction, and what services call a transaction is a savepoint in it: a run is
 * undone by rolling back, which takes microseconds where a new database takes seconds.
 */
export class InProcessPostgres {
  readonly #database: PGlite;
  readonly #prepared = new Map<string, Prepared>();
  /** Statements that have run where writing was forbidden. */
  readonly #readOnly = new Set<string>();
  /** What was looked at since something could have been written: idle services ask the same all the time. */
  readonly #seen = new Map<string, Rows>();
  #schema = "";

  private constructor(database: PGlite) {
    this.#database = database;
  }

  static async start(): Promise<InProcessPostgres> {
    return new InProcessPostgres(await PGlite.create());
  }

  async close(): Promise<void> {
    await this.#database.close();
  }

  /** Statements without values or rows: DDL, savepoints. Throws {@link ServerFailure}. */
  simple(text: string): void {
    this.#seen.clear();
    this.#simple(text);
  }

  #simple(text: string): void {
    let failure: ServerFailure | undefined;
    readAnswers(this.#send(queryMessage(text)), {
      columns: () => undefined,
      row: () => undefined,
      complete: () => undefined,
      error: (error) => {
        failure ??= error;
      },
    });
    if (failure !== undefined) throw failure;
  }

  /**
   * The streaming call does all its work before it returns; the others keep every answer in memory for a call of
   * another kind.
   */
  #send(messages: Buffer): Buffer {
    const chunks: Buffer[] = [];
    const onRawData = (chunk: Uint8Array): void => {
      chunks.push(Buffer.from(chunk));
    };
    this.#database.execProtocolRawStream(messages, { syncToFs: false, onRawData }).catch(() => undefined);
    const answer = Buffer.concat(chunks);
    assert(answer.includes(READY_FOR_QUERY), "the in-process server answers before it returns");
    return answer;
  }

  /** Undoes what came after a savepoint, what the session was set to included. */
  rollBackTo(savepoint: string): void {
    this.simple(`ROLLBACK TO SAVEPOINT ${savepoint}`);
    this.#schema = "";
  }

  /** Its functions come before PostgreSQL's own of the same name. */
  useSchema(schema: string): void {
    if (this.#schema === schema) return;
    this.#simple(`SET search_path TO "${schema}", pg_catalog`);
    this.#schema = schema;
  }

  /**
   * A statement that must not write: it is tried where it can't, the first time. What it answers follows from what is
   * stored and its values, so it is asked once between two writes. Throws {@link ServerFailure}.
   */
  look(schema: string, statement: Statement): Rows {
    const key = `${schema}\n${statement.text}`;
    const asked = `${key}\n${JSON.stringify(statement.values.map((value, index) => wireValue(value, index + 1)))}`;
    const seen = this.#seen.get(asked);
    if (seen !== undefined) return seen.map((row) => ({ ...row }));
    const rows = this.#readOnly.has(key)
      ? (this.#pipeline(schema, [statement])[0] ?? [])
      : this.#lookFirst(schema, statement);
    this.#readOnly.add(key);
    this.#seen.set(asked, rows);
    return rows.map((row) => ({ ...row }));
  }

  #lookFirst(schema: string, statement: Statement): Rows {
    this.useSchema(schema);
    this.#simple("SAVEPOINT look; SET LOCAL transaction_read_only = on");
    try {
      return this.#pipeline(schema, [statement])[0] ?? [];
    } finally {
      this.#simple("ROLLBACK TO SAVEPOINT look; RELEASE SAVEPOINT look");
    }
  }

  /** Runs the statements in order with one Sync; the rows of each. Throws {@link ServerFailure}: none counts then. */
  pipeline(schema: string, statements: readonly Statement[]): readonly Rows[] {
    this.#seen.clear();
    return this.#pipeline(schema, statements);
  }

  #pipeline(schema: string, statements: readonly Statement[]): readonly Rows[] {
    const running: Prepared[] = [];
    const fresh: string[] = [];
    const parts: Buffer[] = [];
    for (const { text, values, copy } of statements) {
      const key = `${schema}\n${text}`;
      let prepared = this.#prepared.get(key);
      if (prepared === undefined) {
        prepared = { name: `s${this.#prepared.size}`, columns: [] };
        this.#prepared.set(key, prepared);
        fresh.push(key);
        parts.push(prepareMessages(prepared.name, text));
      }
      running.push(prepared);
      const wire = values.map((value, index) => wireValue(value, index + 1));
      parts.push(bindMessage(prepared.name, wire), EXECUTE);
      if (copy !== undefined) parts.push(copyMessages(copy));
    }
    parts.push(SYNC);
    this.useSchema(schema);
    const answers = new PipelineAnswers(running);
    readAnswers(this.#send(Buffer.concat(parts)), answers);
    if (answers.failure === undefined) return answers.results;
    for (const key of fresh) this.#prepared.delete(key);
    throw answers.failure;
  }
}

class PipelineAnswers {
  readonly results: Rows[] = [];
  failure: ServerFailure | undefined;
  readonly #running: readonly Prepared[];
  #rows: Row[] = [];

  constructor(running: readonly Prepared[]) {
    this.#running = running;
  }

  columns(columns: readonly { readonly name: string; readonly typeId: number }[]): void {
    const prepared = this.#running[this.results.length];
    if (prepared === undefined) return;
    prepared.columns = columns.map(({ name, typeId }) => ({ name, read: columnReader(typeId) }));
  }

  row(fields: readonly (string | null)[]): void {
    const row: Record<string, unknown> = {};
    const columns = this.#running[this.results.length]?.columns ?? [];
    for (const [index, { name, read }] of columns.entries()) {
      const text = fields[index] ?? null;
      row[name] = text === null ? null : read(text);
    }
    this.#rows.push(row);
  }

  complete(): void {
    this.results.push(this.#rows);
    this.#rows = [];
  }

  error(error: ServerFailure): void {
    this.failure ??= error;
  }
}
