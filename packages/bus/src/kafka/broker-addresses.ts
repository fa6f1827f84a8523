import { BusError } from "../bus-error.ts";
import type { Address } from "./connection-settings.ts";

const DEFAULT_PORT = 9092;

/** `host:port`, or several with commas between. Throws `bus_refused` when one can't be read. */
export function brokerAddresses(servers: string): readonly Address[] {
  const addresses = servers
    .split(",")
    .map((server) => server.trim())
    .filter((server) => server !== "")
    .map((server) => {
      const { host, port = DEFAULT_PORT } =
        /^(?<host>\[[^\]]+\]|[^:\s]+)(?::(?<port>\d+))?$/.exec(server)?.groups ?? {};
      if (host === undefined || Number(port) < 1 || Number(port) > 65_535) throw unreadable(server);
      return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
    });
  if (addresses.length === 0) throw unreadable(servers);
  return addresses;
}

function unreadable(servers: string): BusError {
  return new BusError("bus_refused", `"${servers}" is no broker address, wanted is host:port`, {
    retryable: false,
  });
}
