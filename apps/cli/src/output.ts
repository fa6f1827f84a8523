import Table from "cli-table3";
import { printable, printableInLine } from "./printable.ts";

/** Where a command writes to. `isTty`: stderr is a terminal, so that a bar can be drawn on it. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };
}

export type Cell = string | number;

/**
 * What a command says. Results go to stdout: tables and lines, or with `json` one object as the last line and nothing
 * else. What is being done goes to stderr, so that stdout can be read by a program. Nothing of it commands a terminal.
 */
export class Output {
  readonly json: boolean;
  readonly streams: Streams;

  constructor(options: { readonly json: boolean; readonly streams?: Streams }) {
    this.json = options.json;
    this.streams = options.streams ?? process;
  }

  /** A line of the result for people; nothing with `json`. */
  line(text = ""): void {
    if (!this.json) this.streams.stdout.write(`${printable(text)}\n`);
  }

  /** What is being done. */
  note(text: string): void {
    this.streams.stderr.write(`${printable(text)}\n`);
  }

  table(head: readonly string[], rows: readonly (readonly Cell[])[]): void {
    if (this.json) return;
    const table = new Table({
      head: [...head],
      // Figures line up; words don't need it.
      colAligns: head.map((_, column) => (rows.every((row) => isFigure(row[column])) ? "right" : "left")),
      style: { head: [], border: [], compact: true },
    });
    for (const row of rows) table.push(row.map(shownCell));
    this.line(table.toString());
  }

  /** Names and values, one pair a line. */
  facts(facts: readonly (readonly [name: string, value: Cell])[]): void {
    const width = Math.max(...facts.map(([name]) => name.length));
    for (const [name, value] of facts) this.line(`${name.padEnd(width)}  ${shownCell(value)}`);
  }

  /** The result for programs; nothing without `json`. Called last, and once unless what is told has no end. */
  result(object: unknown): void {
    // JSON has such characters in its strings alone, and reads them there as they are written now.
    if (this.json) this.streams.stdout.write(`${printable(JSON.stringify(object))}\n`);
  }
}

function shownCell(cell: Cell): Cell {
  return typeof cell === "string" ? printableInLine(cell) : cell;
}

function isFigure(cell: Cell | undefined): boolean {
  return typeof cell === "number" || /^-?[0-9][0-9,.]*$/.test(cell ?? "");
}

/** 231579 as 231,579. */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
