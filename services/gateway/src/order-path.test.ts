import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceName } from "@bourse/contracts";
import { PeerError, type ServiceStatus } from "@bourse/host";
import { testService } from "@bourse/host/testing";
import { gateway } from "./service.ts";

const UP = { phase: "ready", unready: [], stopped: [] } as const;
type Standing = Pick<ServiceStatus, "phase" | "unready" | "stopped">;

test("the gateway is ready once the services that an order passes have been, and stays so without them", async (t) => {
  const standings: Partial<Record<ServiceName, Standing | null>> = {};
  const peer = (name: ServiceName) => ({
    [name]: () => {
      const standing = standings[name] === undefined ? UP : standings[name];
      if (standing === null) throw new PeerError("peer_unavailable", "away", { service: name });
      return { status: 200, body: standing };
    },
  });
  const names = ["auth", "order", "risk", "wallet", "matching"] as const;
  const { request } = await testService(t, gateway, { peers: Object.assign({}, ...names.map(peer)) });
  const ready = async () => {
    const { status, body } = await request("GET", "/health/ready");
    return [status, ...body.reasons];
  };
  standings.order = { phase: "starting", unready: ["it is starting"], stopped: [] };
  standings.risk = { phase: "ready", unready: ["closed for 3000 ms"], stopped: [] };
  standings.wallet = null;
  assert.deepEqual(await ready(), [
    503,
    "order is not ready: it is starting",
    "risk is not ready: closed for 3000 ms",
    "wallet does not answer",
  ]);
  standings.order = UP;
  standings.wallet = UP;
  assert.deepEqual(await ready(), [503, "risk is not ready: closed for 3000 ms"]);
  standings.risk = UP;
  // What has stopped waits for an operator, who comes through the gateway.
  standings.matching = { phase: "ready", unready: ["partition 0 stopped"], stopped: ["partition 0 stopped"] };
  assert.deepEqual(await ready(), [200]);
  standings.order = null;
  assert.deepEqual(await ready(), [200]);
});
