import type { ServiceName } from "@bourse/contracts";
import type { Environment } from "@bourse/host";
import { PlatformError } from "./platform-error.ts";

/** `MARKET_DATA_URL` says where market-data is, for the others and for itself. */
export function urlVariable(name: ServiceName): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_URL`;
}

/** Where a service was said to be, without a slash at the end; null: nothing was said. Throws `config_invalid`. */
export function givenAddress(
  env: Environment,
  name: ServiceName,
): { readonly url: string; readonly port: number } | null {
  const variable = urlVariable(name);
  const given = env[variable];
  if (given === undefined || given === "") return null;
  const { protocol, port } = URL.parse(given) ?? { protocol: "", port: "" };
  if (protocol !== "http:" && protocol !== "https:")
    throw new PlatformError(
      "config_invalid",
      `${variable} is "${given}", and allowed is an http or https URL, such as http://127.0.0.1:9081`,
    );
  return { url: given.replace(/\/+$/, ""), port: port === "" ? DEFAULT_PORTS[protocol] : Number(port) };
}

const DEFAULT_PORTS = { "http:": 80, "https:": 443 } as const;
