import { connect, type Socket } from "node:net";

const BUFFER_BYTES = 65_536;
const HEAD_END = "\r\n\r\n";
const CONTENT_LENGTH = /\r\ncontent-length: *([0-9]+)\r\n/i;

type Answered = (status: number, body: Buffer) => void;

/**
 * One keep-alive HTTP/1.1 connection with one request at a time, for load only: the platform shares the machine with
 * its clients, and this costs less than half of what a general client does. It understands answers with a
 * Content-Length, and fails loudly at anything else.
 */
export class LoadConnection {
  readonly #socket: Socket;
  readonly #failed: (error: Error) => void;
  #answered: Answered | null = null;
  /** Bytes of the answer so far, copied where it did not come in one piece. */
  #begun: Buffer | null = null;

  private constructor(socket: Socket, failed: (error: Error) => void) {
    this.#socket = socket;
    this.#failed = failed;
  }

  /** Resolves when connected. Later failures, an end of the connection among them, are told to `failed`. */
  static open(url: string, failed: (error: Error) => void): Promise<LoadConnection> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      let connection: LoadConnection | null = null;
      const fail = (error: Error): void => (connection === null ? reject(error) : failed(error));
      const socket = connect({
        host: hostname,
        port: Number(port),
        noDelay: true,
        onread: {
          buffer: Buffer.allocUnsafe(BUFFER_BYTES),
          callback: (length, buffer) => {
            connection?.read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
            return true;
          },
        },
      });
      socket.once("connect", () => {
        connection = new LoadConnection(socket, failed);
        resolve(connection);
      });
      socket.once("error", fail);
      socket.once("end", () => fail(new Error("the platform has closed a connection")));
    });
  }

  /** `answered` gets a body that is valid until it returns. Only after the last answer has come. */
  send(request: string, answered: Answered): void {
    if (this.#answered !== null) throw new Error("a connection carries one request at a time");
    this.#answered = answered;
    this.#socket.write(request, "latin1");
  }

  close(): void {
    this.#socket.removeAllListeners("end").destroy();
  }

  read(chunk: Buffer): void {
    const answer = this.#begun === null ? chunk : Buffer.concat([this.#begun, chunk]);
    const complete = readAnswer(answer);
    if (complete === "malformed" || this.#answered === null) {
      this.#failed(new Error(`not an answer with a Content-Length: ${answer.toString("latin1", 0, 300)}`));
      return;
    }
    if (complete === "incomplete") {
      this.#begun = this.#begun === null ? Buffer.from(chunk) : answer;
      return;
    }
    this.#begun = null;
    const answered = this.#answered;
    this.#answered = null;
    answered(complete.status, complete.body);
  }
}

/** One whole answer, exactly: `incomplete` while bytes are missing, `malformed` for anything else. */
export function readAnswer(
  bytes: Buffer,
): { readonly status: number; readonly body: Buffer } | "incomplete" | "malformed" {
  const headLength = bytes.indexOf(HEAD_END);
  if (headLength < 0) return bytes.length < BUFFER_BYTES ? "incomplete" : "malformed";
  const head = bytes.toString("latin1", 0, headLength + 2);
  const length = CONTENT_LENGTH.exec(head)?.[1];
  const status = Number(head.slice(9, 12));
  if (!head.startsWith("HTTP/1.1 ") || length === undefined || !(status >= 200)) return "malformed";
  const start = headLength + HEAD_END.length;
  const missing = start + Number(length) - bytes.length;
  if (missing > 0) return "incomplete";
  return missing < 0 ? "malformed" : { status, body: bytes.subarray(start) };
}

/** The text of a POST with a JSON body in ASCII. */
export function postText(host: string, path: string, key: string, body: string): string {
  return (
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
