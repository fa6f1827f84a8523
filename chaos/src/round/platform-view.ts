import { type GatewayClient, RefusedError } from "@bourse/cli";
import type { OrderFacts, PlacedTerms } from "../journal/entries.ts";
import type { BalanceFacts } from "../journal/money.ts";
import { POOR_ACCOUNT, TRADERS } from "../load/venue.ts";

const PAGE = 1_000;
const OPEN = ["PENDING", "OPEN", "PARTIALLY_FILLED"];

/** The platform as its API shows it. */
export class PlatformView {
  readonly #client: GatewayClient;

  constructor(client: GatewayClient) {
    this.#client = client;
  }

  async orders(status?: readonly string[]): Promise<readonly OrderFacts[]> {
    const orders: OrderFacts[] = [];
    for (const accountId of TRADERS) {
      let cursor: string | undefined;
      do {
        const page = await this.#client.get<{ orders: readonly OrderFacts[]; nextCursor?: string }>(
          "/api/v1/orders",
          { accountId, limit: PAGE, cursor, status },
        );
        orders.push(...page.orders);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
    }
    return orders;
  }

  openOrders(): Promise<readonly OrderFacts[]> {
    return this.orders(OPEN);
  }

  async balances(): Promise<readonly BalanceFacts[]> {
    const { accounts } = await this.#client.get<{
      accounts: readonly {
        readonly accountId: string;
        readonly balances: readonly {
          readonly asset: string;
          readonly total: string;
          readonly held: string;
        }[];
      }[];
    }>("/api/v1/accounts", { limit: PAGE });
    return accounts.flatMap(({ accountId, balances }) => balances.map((each) => ({ accountId, ...each })));
  }

  async cancelAll(): Promise<void> {
    for (const accountId of TRADERS) {
      if (accountId === POOR_ACCOUNT) continue;
      await this.#client.request({ method: "DELETE", path: "/api/v1/orders", query: { accountId } });
    }
  }

  /** R10: asks for the order by client order id; where there is none, cancels it, so that it can never be made. */
  async decide({ accountId, clientOrderId }: PlacedTerms): Promise<"there" | "given up"> {
    const query = { accountId, clientOrderId };
    const { orders } = await this.#client.get<{ orders: readonly OrderFacts[] }>("/api/v1/orders", query);
    if (orders.length > 0) return "there";
    await this.#client.request({ method: "DELETE", path: "/api/v1/orders", query });
    return "given up";
  }

  /** Sends an order that was given up once more; what is wrong with the answer, or null: it is final (R10). */
  async tryAgain(terms: PlacedTerms): Promise<string | null> {
    try {
      const { status } = await this.#client.request({ method: "POST", path: "/api/v1/orders", body: terms });
      return `${terms.clientOrderId}: it was given up, and the same request is answered ${status}`;
    } catch (error) {
      if (error instanceof RefusedError && error.status === 422) return null;
      throw error;
    }
  }
}
