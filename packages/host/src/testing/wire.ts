import { connect } from "node:net";

/** HTTP as bytes: what any client may send, and what it sees of the answer. */

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const HI = '{"text":"hi"}';
export const JSON_TYPE = "content-type: application/json\r\n";
/** The last request of a connection, so that the test can wait for the end. */
export const LAST = "GET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
/** No HTTP. */
export const RUBBISH = "hello\r\n\r\n";

/** Sends pieces one after the other; resolves with all that came when the server has ended the connection. */
export function exchange(port: number, pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      const send = (index: number): void => {
        const piece = pieces[index];
        if (piece !== undefined) socket.write(piece, () => setImmediate(send, index + 1));
      };
      send(0);
    });
    socket.setEncoding("utf8");
    socket.on("data", (chunk) => {
      received += chunk;
    });
    socket.on("end", () => resolve(received));
    socket.on("error", reject);
  });
}

export function answersIn(wire: string): readonly WireAnswer[] {
  return wire.split(/(?=HTTP\/1\.1 \d)/).map((one) => {
    const [head = "", body = ""] = one.split("\r\n\r\n");
    const [line = "", ...fields] = head.split("\r\n");
    const headers = fields.map((field): [string, string] => {
      const colon = field.indexOf(": ");
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 2)];
    });
    return { status: Number(line.slice(9, 12)), headers: Object.fromEntries(headers), body };
  });
}

export function post(path: string, body: string, fields: string = JSON_TYPE, method = "POST"): string {
  return `${method} ${path} HTTP/1.1\r\nhost: x\r\n${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}
