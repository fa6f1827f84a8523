import { setTimeout as sleep } from "node:timers/promises";
import type { GatewayClient } from "./gateway-client.ts";

const POLL_MS = 50;
const TIMEOUT_MS = 180_000;

interface QuietAnswer {
  readonly services: readonly {
    readonly service: string;
    readonly quiet?: boolean;
    readonly reasons?: readonly string[];
    readonly error?: string;
  }[];
}

/** Waits until all services but the gateway, which is being asked, have published and consumed all there is; milliseconds it took. */
export async function untilQuiet(gateway: GatewayClient): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const { services } = await gateway.get<QuietAnswer>("/api/v1/platform/quiet");
    const busy = services.filter(({ service, quiet }) => service !== "gateway" && quiet !== true);
    const tookMs = performance.now() - beganMs;
    if (busy.length === 0) return tookMs;
    if (tookMs > TIMEOUT_MS) {
      const why = busy.map(({ service, reasons, error }) => `${service}: ${error ?? reasons?.join(", ")}`);
      throw new Error(`the platform is not quiet after ${TIMEOUT_MS / 1_000} s: ${why.join("; ")}`);
    }
    await sleep(POLL_MS);
  }
}
