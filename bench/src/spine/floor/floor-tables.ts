import { copyRows, postgresStore, type Store, sql, sqlArray } from "@bourse/store";
import { type FloorOrder, heldChanges } from "./floor-orders.ts";

const SCHEMA = "bench_floor";
/** Batches follow each other: two at once would wait for each other's balances, or deadlock over them. */
const CONNECTIONS = 1;

/**
 * Two tables in a schema of their own: orders, each with a row under an ascending number, and a balance an account. No
 * order could be found again, or money be held for it, with less.
 */
export class FloorTables {
  readonly #store: Store;

  constructor(databaseUrl: string) {
    this.#store = postgresStore({
      url: databaseUrl,
      schema: SCHEMA,
      applicationName: "bourse-bench-floor",
      maxConnections: CONNECTIONS,
    });
  }

  async create(accountIds: readonly string[]): Promise<void> {
    await this.#store.transaction("create", (tx) => tx.commit(DEFINITIONS));
    await this.#store.transaction("open accounts", (tx) =>
      tx.commit([
        sql`INSERT INTO balances (account_id, held) SELECT a, 0 FROM unnest(${sqlArray(accountIds)}::text[]) AS a`,
      ]),
    );
  }

  /** All of them in one transaction and one trip. */
  async write(orders: readonly FloorOrder[]): Promise<void> {
    const changes = heldChanges(orders);
    const update = sql`
      UPDATE balances SET held = held + n.change
      FROM unnest(${sqlArray([...changes.keys()])}::text[], ${sqlArray([...changes.values()])}::int8[]) AS n (account_id, change)
      WHERE balances.account_id = n.account_id`;
    await this.#store.transaction("orders", (tx) =>
      tx.commit([copyRows(COPY_ORDERS, orders, fieldsOf), update]),
    );
  }

  /** Orders with client order ids that begin with `prefix`. */
  async count(prefix: string): Promise<number> {
    const [row] = await this.#store.query(
      sql`SELECT count(*) AS count FROM orders WHERE starts_with(client_order_id, ${prefix})`,
    );
    return Number(row?.count);
  }

  /** So that its pages are in nobody's way afterwards. */
  async forgetOrders(): Promise<void> {
    await this.#store.transaction("forget", (tx) => tx.commit([{ text: "TRUNCATE orders", values: [] }]));
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

const DEFINITIONS = [
  `CREATE SCHEMA ${SCHEMA}`,
  `CREATE TABLE ${SCHEMA}.orders (
    number bigint PRIMARY KEY,
    created_ms bigint NOT NULL,
    price_ticks bigint NOT NULL,
    quantity_lots bigint NOT NULL,
    buys boolean NOT NULL,
    account_id text NOT NULL,
    client_order_id text NOT NULL,
    symbol text NOT NULL)`,
  // Room on each page for the next version of its rows, as the platform's balances have it.
  `CREATE TABLE ${SCHEMA}.balances (account_id text PRIMARY KEY, held bigint NOT NULL) WITH (fillfactor = 50)`,
].map((text) => ({ text, values: [] }));

const COPY_ORDERS = `COPY orders (number, created_ms, price_ticks, quantity_lots, buys, account_id, client_order_id, symbol)
  FROM STDIN`;

function fieldsOf(order: FloorOrder): readonly (string | number | boolean)[] {
  return [
    order.number,
    order.createdMs,
    order.priceTicks,
    order.quantityLots,
    order.buys,
    order.accountId,
    order.clientOrderId,
    order.symbol,
  ];
}
