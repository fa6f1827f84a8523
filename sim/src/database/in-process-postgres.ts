import type { Row, Rows, Statement } from "@bourse/store";
import { columnReader, wireValue } from "@bourse/store/testing";
import { PGlite, protocol } from "@electric-sql/pglite";

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

  /** Statements without values or rows: DDL, savepoints. Throws the server's error. */
  simple(text: string): void {
    const parser = new protocol.Parser();
    let failure: Error | undefined;
    parser.parse(this.#database.execProtocolRawSync(protocol.serialize.query(text)), (message) => {
      if (message instanceof Error) failure ??= message;
    });
    if (failure !== undefined) throw failure;
  }

  /** After a rollback: what the session was set to is undone with it. */
  forgetSchema(): void {
    this.#schema = "";
  }

  useSchema(schema: string): void {
    if (this.#schema === schema) return;
    this.simple(`SET search_path TO "${schema}"`);
    this.#schema = schema;
  }

  /** Runs the statements in order with one Sync; the rows of each. Throws the server's error: none of them counts then. */
  pipeline(schema: string, statements: readonly Statement[]): readonly Rows[] {
    const running: Prepared[] = [];
    const fresh: string[] = [];
    const parts: Uint8Array[] = [];
    for (const { text, values } of statements) {
      const key = `${schema}\n${text}`;
      let prepared = this.#prepared.get(key);
      if (prepared === undefined) {
        prepared = { name: `s${this.#prepared.size}-${fresh.length}`, columns: [] };
        this.#prepared.set(key, prepared);
        fresh.push(key);
        const { name } = prepared;
        parts.push(protocol.serialize.close({ type: "S", name }));
        parts.push(protocol.serialize.parse({ name, text }));
        parts.push(protocol.serialize.describe({ type: "S", name }));
      }
      running.push(prepared);
      const wire = values.map((value, index) => wireValue(value, index + 1));
      parts.push(protocol.serialize.bind({ statement: prepared.name, values: wire }));
      parts.push(protocol.serialize.execute({}));
    }
    parts.push(protocol.serialize.sync());
    this.useSchema(schema);
    const { results, failure } = readAnswers(
      this.#database.execProtocolRawSync(Buffer.concat(parts)),
      running,
    );
    if (failure === undefined) return results;
    for (const key of fresh) this.#prepared.delete(key);
    throw failure;
  }
}

function readAnswers(
  bytes: Uint8Array,
  running: readonly Prepared[],
): { readonly results: readonly Rows[]; readonly failure: Error | undefined } {
  const results: Rows[] = [];
  let rows: Row[] = [];
  let failure: Error | undefined;
  new protocol.Parser().parse(bytes as Uint8Array<ArrayBuffer>, (message) => {
    if (message instanceof Error) {
      failure ??= message;
    } else if (message instanceof protocol.messages.RowDescriptionMessage) {
      const prepared = running[results.length];
      if (prepared === undefined) return;
      prepared.columns = message.fields.map((field) => ({
        name: field.name,
        read: columnReader(field.dataTypeID),
      }));
    } else if (message instanceof protocol.messages.DataRowMessage) {
      rows.push(rowOf(message.fields, running[results.length]));
    } else if (message.name === "commandComplete" || message.name === "emptyQuery") {
      results.push(rows);
      rows = [];
    }
  });
  return { results, failure };
}

function rowOf(fields: readonly (string | null)[], prepared: Prepared | undefined): Row {
  const row: Record<string, unknown> = {};
  prepared?.columns.forEach((column, index) => {
    const text = fields[index] ?? null;
    row[column.name] = text === null ? null : column.read(text);
  });
  return row;
}
