import type { ConnectionOptions as TlsOptions } from "node:tls";
import { brokerAddresses } from "./broker-addresses.ts";
import { Cluster } from "./cluster.ts";
import type { SaslSettings } from "./connection-settings.ts";

export interface KafkaConnectionOptions {
  /** `host:port`, or several with commas between: any that answers tells of the others. */
  readonly bootstrapServers: string;
  /** Names this client in the broker's logs. */
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslSettings;
}

/** Throws `bus_refused` when the addresses can't be read. */
export function clusterOf({ bootstrapServers, clientId, tls, sasl }: KafkaConnectionOptions): Cluster {
  return new Cluster({
    bootstrapServers: brokerAddresses(bootstrapServers),
    clientId,
    ...(tls === undefined ? {} : { tls }),
    ...(sasl === undefined ? {} : { sasl }),
  });
}
