import { createHmac } from "node:crypto";
import type { Delivery } from "@bourse/delivery";
import type { Store } from "@bourse/store";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { AnyServiceDefinition, Shell } from "./definition.ts";
import { createPeers } from "./peers.ts";
import type { Runtime } from "./runtime.ts";

/** What a service is given to live in. */
export function makeShell(parts: {
  readonly definition: AnyServiceDefinition;
  readonly runtime: Runtime;
  readonly config: unknown;
  readonly store: Store | undefined;
  readonly delivery: Delivery;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly peerTimeoutMs: number;
  readonly sharedFolder: string;
}): Shell<never> {
  const { definition, runtime, config, store, delivery, log, metrics, sharedFolder } = parts;
  const { name, calls } = definition;
  const { clock, timer, newId, bus, directory } = runtime;
  return {
    name,
    config: config as never,
    clock,
    timer,
    log,
    metrics,
    get store() {
      if (store === undefined) throw new Error(`${name} has no migrations, and so no store`);
      return store;
    },
    bus,
    delivery,
    peers: createPeers({ caller: name, calls, directory, timeoutMs: parts.peerTimeoutMs, newId }),
    newId,
    sharedFolder,
    secret: createHmac("sha256", runtime.secret).update(name).digest("hex"),
  };
}
