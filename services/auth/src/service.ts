import { defineService } from "@bourse/host";
import { sql } from "@bourse/store";
import type { Auth } from "./auth.ts";
import { AuthConfig } from "./config.ts";
import { authInvariants } from "./invariants.ts";
import { hashMachineKey } from "./machine-key.ts";
import { keyRoutes } from "./routes/keys.ts";

/** Machine keys: who may ask for what. */
export const auth = defineService<typeof AuthConfig, Auth>({
  name: "auth",
  description: "Machine keys of operators and trading accounts",
  port: 8081,
  config: AuthConfig,
  migrations: new URL("./sql/migrations/", import.meta.url),
  publishes: [],
  calls: [],
  setup: async ({ clock, store, delivery, newId, secret, config }) => {
    const operatorKey = config.BOURSE_OPERATOR_KEY;
    if (operatorKey !== undefined) {
      // The platform made the first operator's key; another one replaces it. The same one, once revoked, stays so.
      await store.transaction("operator key", (tx) =>
        tx.commit([
          sql`
            INSERT INTO keys (key_id, key_hash, role, name, created_by, created_ms)
            VALUES ('operator', ${hashMachineKey(operatorKey)}, 'operator', 'first operator', 'platform', ${clock.nowMs()})
            ON CONFLICT (key_id) DO UPDATE SET key_hash = EXCLUDED.key_hash, revoked_ms = NULL
              WHERE keys.key_hash <> EXCLUDED.key_hash`,
        ]),
      );
    }
    return { clock, store, delivery, newId, secret };
  },
  consumes: [],
  routes: keyRoutes,
  jobs: [],
  invariants: authInvariants,
});
