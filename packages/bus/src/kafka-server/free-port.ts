import { once } from "node:events";
import { createServer } from "node:net";
import { BusError } from "../bus-error.ts";

/** The wanted port where nobody listens on it, or else any that is free. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await listens(wanted)) === wanted) return wanted;
  const free = await listens(0);
  if (free === undefined) throw new BusError("bus_unavailable", "there is no free port", { retryable: true });
  return free;
}

async function listens(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : undefined;
  } catch {
    return undefined;
  } finally {
    server.close();
  }
}
