import { hash } from "node:crypto";
import type { Duplex } from "node:stream";
import { assert } from "@bourse/base";
import type { Client, Submittable } from "pg";
import type { Row, Rows, Statement } from "./port.ts";
import { checkValue, columnReader } from "./sql-value.ts";
import { StoreError } from "./store-error.ts";
import { WireWriter } from "./wire-writer.ts";

/** Statements kept prepared on one connection; the least recently used one is closed beyond it. */
const MAX_PREPARED = 256;
/** Above the server's own statement_timeout: a server that says nothing for so long is taken for lost. */
const ANSWER_TIMEOUT_MS = 15_000;

/**
 * Sends all statements with one Sync, one round trip, and resolves with the rows of each.
 * Without a BEGIN among them they are one transaction, which the Sync commits: the promise resolves after that
 * commit, and an error of any statement undoes them all
 * (https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-PIPELINING).
 * Rejects with the driver's error, or with a `StoreError` where nothing was sent: `statement_failed` for a bad value,
 * `store_unavailable` for a connection that had been lost before.
 */
export async function sendPipeline(
  client: Client,
  statements: readonly Statement[],
  answerTimeoutMs = ANSWER_TIMEOUT_MS,
): Promise<readonly Rows[]> {
  for (const { values } of statements)
    for (let at = 0; at < values.length; at++) checkValue(values[at], at + 1);
  return new Promise((resolve, reject) => {
    const lost = setTimeout(() => client.connection.stream.destroy(new Error("no answer")), answerTimeoutMs);
    const settled = (settle: () => void): void => {
      clearTimeout(lost);
      settle();
    };
    client.query(
      new Pipeline(statements, preparedOn(client), {
        resolve: (rows) => settled(() => resolve(rows)),
        reject: (error) => settled(() => reject(error)),
      }),
    );
  });
}

interface Prepared {
  readonly name: string;
  /** The result's columns, known once the server has described the statement; none for one without rows. */
  columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly read: (text: string) => unknown;
}

/** By text, least recently used first. */
type PreparedStatements = Map<string, Prepared>;

const preparedByClient = new WeakMap<Client, PreparedStatements>();

function preparedOn(client: Client): PreparedStatements {
  let prepared = preparedByClient.get(client);
  if (prepared === undefined) {
    prepared = new Map();
    preparedByClient.set(client, prepared);
  }
  return prepared;
}

/** Prepares everything anew on this connection: its plans or result columns are out of date. */
export function forgetPrepared(client: Client): void {
  preparedByClient.delete(client);
}

/** The driver's connection, as far as a Submittable uses it. */
interface Wire {
  readonly stream: Duplex;
  sync(): void;
  sendCopyFail(reason: string): void;
}

/** Whoever submits has it to himself until all is written. */
const writer = new WireWriter();

/**
 * What the driver calls while the answers come in. The driver reports at most one error, after which the server skips
 * to the Sync, so `handleReadyForQuery` is only seen by a pipeline that succeeded.
 */
class Pipeline implements Submittable {
  readonly #statements: readonly Statement[];
  readonly #prepared: PreparedStatements;
  readonly #settle: { resolve(rows: readonly Rows[]): void; reject(error: Error): void };
  readonly #running: Prepared[] = [];
  readonly #fresh: string[] = [];
  readonly #results: Rows[] = [];
  #rows: Row[] = [];
  #submitted = false;

  constructor(
    statements: readonly Statement[],
    prepared: PreparedStatements,
    settle: { resolve(rows: readonly Rows[]): void; reject(error: Error): void },
  ) {
    this.#statements = statements;
    this.#prepared = prepared;
    this.#settle = settle;
  }

  submit(connection: unknown): void {
    const { stream } = connection as Wire;
    this.#submitted = true;
    writer.clear();
    stream.cork();
    for (const { text, values, copy } of this.#statements) {
      const prepared = this.#prepare(text);
      this.#running.push(prepared);
      writer.bind(prepared.name, values);
      writer.execute();
      if (copy === undefined) continue;
      // After an error the server skips all of it up to the Sync, so nothing has to be waited for.
      send(stream, writer.take());
      for (const piece of copy) sendCopyData(stream, piece);
      writer.copyDone();
    }
    writer.sync();
    send(stream, writer.take());
    stream.uncork();
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known !== undefined) {
      this.#prepared.delete(text);
      this.#prepared.set(text, known);
      return known;
    }
    const name = hash("sha1", text, "base64url");
    const prepared: Prepared = { name, columns: [] };
    // A pipeline that failed may have left the name behind; closing a name that does not exist is no error.
    writer.close(name);
    writer.parse(name, text);
    writer.describe(name);
    this.#fresh.push(text);
    this.#prepared.set(text, prepared);
    for (const [oldText, old] of this.#prepared) {
      if (this.#prepared.size <= MAX_PREPARED) break;
      this.#prepared.delete(oldText);
      writer.close(old.name);
    }
    return prepared;
  }

  handleRowDescription(message: { readonly fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#current().columns = message.fields.map((field) => ({
      name: field.name,
      read: columnReader(field.dataTypeID),
    }));
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    const { columns } = this.#current();
    const row: Record<string, unknown> = {};
    for (let index = 0; index < columns.length; index++) {
      const column = columns[index] as Column;
      const text = message.fields[index];
      row[column.name] = text === null || text === undefined ? null : column.read(text);
    }
    this.#rows.push(row);
  }

  handleCommandComplete(): void {
    this.#results.push(this.#rows);
    this.#rows = [];
  }

  handleEmptyQuery(): void {
    this.handleCommandComplete();
  }

  handlePortalSuspended(): void {}

  handleCopyInResponse(wire: Wire): void {
    if (this.#statements[this.#results.length]?.copy !== undefined) return;
    // It has taken the Sync for a part of the data.
    wire.sendCopyFail("a COPY came without its data");
    wire.sync();
  }

  handleCopyData(): void {}

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#results);
  }

  handleError(error: Error): void {
    for (const text of this.#fresh) this.#prepared.delete(text);
    this.#settle.reject(this.#submitted ? error : lostBefore(error));
  }

  #current(): Prepared {
    const prepared = this.#running[this.#results.length];
    assert(prepared !== undefined, "an answer belongs to a statement that was sent");
    return prepared;
  }
}

const COPY_DATA = 0x64;
/** A length counts itself. */
const LENGTH_BYTES = 4;

/** The megabytes of a batch go out as they are. */
function sendCopyData(stream: Duplex, piece: Uint8Array): void {
  const head = Buffer.alloc(1 + LENGTH_BYTES, COPY_DATA);
  head.writeInt32BE(LENGTH_BYTES + piece.length, 1);
  send(stream, head);
  send(stream, piece);
}

/** The driver tells of a connection that was lost. */
function send(stream: Duplex, bytes: Uint8Array): void {
  if (stream.writable) stream.write(bytes);
}

function lostBefore(cause: Error): StoreError {
  return new StoreError("store_unavailable", "the connection was lost before", { retryable: true, cause });
}
