import type { Invariant } from "@bourse/host";
import { sql } from "@bourse/store";
import type { Auth } from "./auth.ts";

export const authInvariants: readonly Invariant<Auth>[] = [
  {
    name: "keys-name-their-account",
    rule: "each account's key names its account, and no operator's key names one",
    check: async (auth) => {
      const [count] = await auth.store.query(sql`SELECT count(*) AS n FROM keys`);
      const rows = await auth.store.query(sql`
        SELECT key_id, role FROM keys WHERE (role = 'account') <> (account_id IS NOT NULL) ORDER BY key_id LIMIT 20`);
      const violations = rows.map((row) => `key ${row.key_id} with role ${row.role} has the wrong account`);
      return { checked: Number(count?.n ?? 0), violations };
    },
  },
];
