import { once } from "node:events";
import { floorServer } from "./floor-server.ts";
import { FloorTables } from "./floor-tables.ts";

/** The process of the floor: serves until its parent is gone. */

export interface FloorTask {
  readonly databaseUrl: string;
  /** Keys, each with its account. */
  readonly accounts: readonly (readonly [string, string])[];
}

export interface FloorReady {
  readonly port: number;
}

process.on("disconnect", () => process.exit());
const [{ databaseUrl, accounts }] = (await once(process, "message")) as [FloorTask];
const tables = new FloorTables(databaseUrl);
const server = floorServer({ write: (orders) => tables.write(orders), accounts: new Map(accounts) });
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const ready: FloorReady = { port: typeof address === "object" && address !== null ? address.port : 0 };
  process.send?.(ready);
});
