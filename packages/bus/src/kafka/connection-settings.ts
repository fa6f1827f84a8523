import type { ConnectionOptions as TlsOptions } from "node:tls";

export interface ConnectionSettings {
  readonly clientId: string;
  readonly tls?: TlsOptions;
  readonly sasl?: SaslSettings;
}

export interface SaslSettings {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly username: string;
  readonly password: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}
