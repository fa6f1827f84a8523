import type { ConnectionOptions as TlsOptions } from "node:tls";
import { BusError } from "../bus-error.ts";
import { Cluster } from "./cluster.ts";
import type { Address, SaslSettings } from "./connection-settings.ts";

export interface KafkaConnectionOptions {
  /** `host:port`, or several with commas between: any that answers tells of the others. */
  readonly bootstrapServers: string;
  /** Names this client in the broker's logs. */
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslSettings;
}

const DEFAULT_PORT = 9092;

/** Throws `bus_refused` when the addresses can't be read. */
export function clusterOf({ bootstrapServers, clientId, tls, sasl }: KafkaConnectionOptions): Cluster {
  return new Cluster({
    bootstrapServers: parseServers(bootstrapServers),
    clientId,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}

function parseServers(servers: string): readonly Address[] {
  const addresses = servers
    .split(",")
    .map((server) => server.trim())
    .filter((server) => server !== "")
    .map((server) => {
      const { host, port } = /^(?<host>\[[^\]]+\]|[^:]+)(?::(?<port>\d+))?$/.exec(server)?.groups ?? {};
      if (host === undefined) throw unreadable(server);
      return { host: host.replace(/^\[|\]$/g, ""), port: Number(port ?? DEFAULT_PORT) };
    });
  if (addresses.length === 0) throw unreadable(servers);
  return addresses;
}

function unreadable(servers: string): BusError {
  return new BusError("bus_refused", `"${servers}" is no broker address, wanted is host:port`, {
    retryable: false,
  });
}
