import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "@bourse/disk";
import { newId } from "../machine.ts";
import { DEMO_ASSETS, DEMO_FUNDS, DEMO_INSTRUMENTS, MAKER, TAKERS } from "./market.ts";
import type { PublicApi } from "./public-api.ts";

/** The participants' keys by account. */
export type DemoKeys = Readonly<Record<string, string>>;

/**
 * Lists the demo's instruments, opens and funds its accounts, and issues their keys: by the public API, as an operator
 * would. Doing it again changes nothing; the keys are kept beside the operator's.
 */
export async function setUpDemo(api: PublicApi, dataFolder: string): Promise<DemoKeys> {
  for (const asset of DEMO_ASSETS) await api.call("POST", "/api/v1/assets", { body: asset, accept: [409] });
  for (const instrument of DEMO_INSTRUMENTS) {
    await api.call("POST", "/api/v1/instruments", { body: instrument, accept: [409] });
  }
  for (const accountId of [MAKER, ...TAKERS]) {
    await api.call("POST", "/api/v1/accounts", {
      body: { accountId, name: `Demo participant ${accountId}` },
    });
    for (const { asset, amount } of DEMO_FUNDS) {
      await api.call("POST", `/api/v1/accounts/${accountId}/deposits`, {
        body: { asset, amount },
        idempotencyKey: `demo-${asset}`,
      });
    }
    await api.call("PUT", `/api/v1/risk/limits/accounts/${accountId}`, {
      body: { ordersPerSecond: null, orderBurst: null },
    });
  }
  return await keysOf(api, dataFolder);
}

async function keysOf(api: PublicApi, dataFolder: string): Promise<DemoKeys> {
  const file = join(dataFolder, "demo-keys.json");
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as DemoKeys;
  const keys: Record<string, string> = {};
  for (const accountId of [MAKER, ...TAKERS]) {
    const { key } = await api.call<{ key: string }>("POST", "/api/v1/keys", {
      body: { accountId, name: "demo" },
      // The folder is new, or its file was lost with the keys in it: each time it is another request.
      idempotencyKey: newId(),
    });
    keys[accountId] = key;
  }
  writeWhole(file, `${JSON.stringify(keys)}\n`, { mode: 0o600 });
  return keys;
}
