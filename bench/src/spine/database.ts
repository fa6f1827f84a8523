import { postgresStore, type Store, sql } from "@bourse/store";

/** The platform's PostgreSQL as its superuser sees it: what is counted is counted here. */
export class BenchDatabase {
  readonly #store: Store;

  constructor(adminUrl: string) {
    this.#store = postgresStore({
      url: adminUrl,
      schema: "public",
      applicationName: "bourse-bench",
      maxConnections: 1,
    });
  }

  /** Orders in the table that were accepted, with client order ids that begin with `prefix`. */
  async acceptedOrders(prefix: string): Promise<number> {
    const [row] = await this.#store.query(sql`
      SELECT count(*) AS count FROM "order".orders
      WHERE starts_with(client_order_id, ${prefix}) AND symbol IS NOT NULL AND refusal IS NULL`);
    return Number(row?.count);
  }

  /** Trades that are posted in double entry. */
  async settledTrades(): Promise<number> {
    const [row] = await this.#store.query(sql`SELECT count(*) AS count FROM wallet.trade_entries`);
    return Number(row?.count);
  }

  /** What decides whether a commit is durable, as the server reports it, for itself and for every role that differs. */
  async durability(): Promise<Readonly<Record<string, string>>> {
    const settings = await this.#store.query(sql`
      SELECT name, setting FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'server_version', 'synchronous_commit', 'wal_sync_method')
      ORDER BY name`);
    const roles = await this.#store.query(sql`
      SELECT coalesce(r.rolname, '') AS role, s.setconfig::text AS config
      FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole
      WHERE s.setconfig::text LIKE '%synchronous_commit%' OR s.setconfig::text LIKE '%fsync%' ORDER BY 1`);
    return Object.fromEntries([
      ...settings.map(({ name, setting }) => [String(name), String(setting)]),
      ...roles.map(({ role, config }) => [`of role ${String(role)}`, String(config)]),
    ]);
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
