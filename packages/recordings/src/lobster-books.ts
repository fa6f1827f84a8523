import { linesOf } from "./lines-of.ts";
import { type LobsterBook, lobsterBook } from "./lobster.ts";
import { openFile, openInZip } from "./open-file.ts";

/** The rows of a LOBSTER orderbook file: plain, .gz, .xz, or in a LOBSTER .zip. */
export async function* readLobsterBooks(path: string): AsyncGenerator<LobsterBook> {
  const input = path.endsWith(".zip") ? await openInZip(path, /orderbook.*\.csv$/) : openFile(path);
  let row = 0;
  for await (const line of linesOf(input)) {
    if (line !== "") yield lobsterBook(line, row++);
  }
}
