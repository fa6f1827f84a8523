import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { postgresStore, type Store } from "@bourse/store";
import { type LocalPostgres, removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import { scratchFolder } from "@bourse/store/testing";
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from "../demo/market.ts";
import { PublicApi } from "../demo/public-api.ts";
import { machineTimer } from "../machine.ts";
import type { Platform, PlatformOptions } from "../platform.ts";
import { startPlatform } from "../start-platform.ts";

/** A venue whose PostgreSQL outlives its platform, so that a test may look into it, or bring back an earlier state. */
export class TestVenue {
  readonly folder: string = mkdtempSync(join(scratchFolder(), "bourse-venue-"));
  readonly #overrides: Partial<PlatformOptions>;
  #postgres: LocalPostgres | null = null;
  #platform: Platform | null = null;

  constructor(overrides: Partial<PlatformOptions> = {}) {
    this.#overrides = overrides;
  }

  get env(): Record<string, string | undefined> {
    return { LOG_LEVEL: "error", DATABASE_URL: this.#postgres?.adminUrl, ...this.#overrides.env };
  }

  get gatewayUrl(): string {
    return this.#platform?.gatewayUrl ?? "";
  }

  get operatorKey(): string {
    return this.#platform?.operatorKey ?? "";
  }

  get operator(): PublicApi {
    return this.as(this.operatorKey);
  }

  as(key: string): PublicApi {
    return new PublicApi(this.gatewayUrl, key);
  }

  async start(): Promise<void> {
    this.#postgres ??= await startPostgres({ folder: join(this.folder, "postgres") });
    this.#platform = await startPlatform({
      dataFolder: this.folder,
      bus: "embedded",
      demo: false,
      ports: "free",
      host: "127.0.0.1",
      progress: () => {},
      ...this.#overrides,
      env: this.env,
    });
  }

  async stop(): Promise<void> {
    await this.#platform?.stop();
    this.#platform = null;
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.#postgres?.stop();
    removeDataFolder(join(this.folder, "postgres"));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As the superuser, in one service's schema. */
  admin(schema: string): Store {
    return postgresStore({
      url: this.#postgres?.adminUrl ?? "",
      schema,
      applicationName: "test",
      maxConnections: 1,
    });
  }

  async list(symbols: readonly string[]): Promise<void> {
    for (const asset of DEMO_ASSETS)
      await this.operator.call("POST", "/api/v1/assets", {
        body: asset,
        accept: [409],
        idempotencyKey: `asset-${asset.asset}`,
      });
    for (const instrument of DEMO_INSTRUMENTS.filter(({ symbol }) => symbols.includes(symbol)))
      await this.operator.call("POST", "/api/v1/instruments", {
        body: instrument,
        idempotencyKey: `list-${instrument.symbol}`,
      });
  }

  /** A funded account's key. */
  async account(accountId: string, funds: Readonly<Record<string, string>>): Promise<string> {
    await this.operator.call("POST", "/api/v1/accounts", {
      body: { accountId },
      idempotencyKey: `open-${accountId}`,
    });
    for (const [asset, amount] of Object.entries(funds)) {
      const path = `/api/v1/accounts/${accountId}/deposits`;
      await this.operator.call("POST", path, { body: { asset, amount }, idempotencyKey: `first-${asset}` });
    }
    const { key } = await this.operator.call<{ key: string }>("POST", "/api/v1/keys", {
      body: { accountId },
      idempotencyKey: `key-${accountId}`,
    });
    return key;
  }

  /** Places an order; again where a view of something new is a moment behind. */
  async place(key: string, order: Readonly<Record<string, string>>, accept: readonly number[] = []) {
    const body = { symbol: "AAPL", orderType: "LIMIT", timeInForce: "GTC", quantity: "10", ...order };
    return await until(
      () => this.as(key).call<OrderAnswer>("POST", "/api/v1/orders", { body, accept: [...accept, 422, 503] }),
      ({ orderId, code }) => orderId !== undefined || code === "insufficient_funds",
    );
  }

  /** All lags are zero and nothing is in flight. */
  async quiet(): Promise<void> {
    await until(
      () => this.operator.call<{ services: { quiet: boolean }[] }>("GET", "/api/v1/platform/quiet"),
      ({ services }) => services.every(({ quiet }) => quiet),
    );
  }

  /** What every service finds wrong, as `bourse verify` asks. */
  async violations(): Promise<readonly string[]> {
    await this.quiet();
    const found: string[] = [];
    const { services } = await this.operator.call<{ services: { service: string }[] }>(
      "GET",
      "/api/v1/platform/status",
    );
    for (const { service } of services) {
      const path = `/api/v1/platform/invariants/${service}`;
      const { invariants } = await this.operator.call<{ invariants: { name: string }[] }>("GET", path);
      for (const { name } of invariants) {
        // None of a small venue is checked in parts.
        const { violations } = await this.operator.call<{ violations: string[] }>("POST", `${path}/${name}`);
        for (const violation of violations) found.push(`${service}/${name}: ${violation}`);
      }
    }
    return found;
  }

  async stateHashes(): Promise<Readonly<Record<number, string>>> {
    const { partitions } = await this.operator.call<{
      partitions: { partition: number; stateHash: string }[];
    }>("GET", "/api/v1/matching/partitions");
    return Object.fromEntries(partitions.map(({ partition, stateHash }) => [partition, stateHash]));
  }

  /** A copy of all tables of a schema, and the function that brings it back. */
  async backUp(schema: string): Promise<() => Promise<void>> {
    const admin = this.admin(schema);
    const copy = `${schema}_backup`;
    const tables = await admin.query({
      text: `SELECT c.relname FROM pg_class c WHERE c.relnamespace = to_regnamespace($1)
        AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1`,
      values: [`"${schema}"`],
    });
    const names = tables.map((row) => String(row.relname));
    const all = async (texts: readonly string[]): Promise<void> => {
      const statements = texts.map((text) => ({ text, values: [] }));
      await admin.transaction("test", (tx) => tx.commit(statements));
    };
    await all([
      `DROP SCHEMA IF EXISTS "${copy}" CASCADE`,
      `CREATE SCHEMA "${copy}"`,
      ...names.map((name) => `CREATE TABLE "${copy}"."${name}" AS SELECT * FROM "${schema}"."${name}"`),
    ]);
    await admin.close();
    return async () => {
      const later = this.admin(schema);
      await later.transaction("test", async (tx) => {
        // Without foreign keys: they hold again at its end, and tables may be emptied in any order.
        await tx.run([{ text: "SET LOCAL session_replication_role = replica", values: [] }]);
        for (const name of names) {
          await tx.run([{ text: `DELETE FROM "${schema}"."${name}"`, values: [] }]);
          await tx.run([
            { text: `INSERT INTO "${schema}"."${name}" SELECT * FROM "${copy}"."${name}"`, values: [] },
          ]);
        }
      });
      await later.close();
    };
  }
}

export interface OrderAnswer {
  readonly orderId?: string;
  readonly status?: string;
  readonly code?: string;
}

/** Not a measure of anything: a test that would hang says what it saw instead. */
const PATIENCE_MS = 60_000;

export async function until<T>(ask: () => Promise<T>, enough: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (enough(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(answer)}`);
    await machineTimer.sleep(10);
  }
}
