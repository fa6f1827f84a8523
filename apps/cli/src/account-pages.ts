import type { GatewayClient } from "./client.ts";

/** An account of `GET /api/v1/accounts`. */
export interface AccountView {
  readonly accountId: string;
  readonly name: string;
  readonly status: string;
  readonly balances: readonly {
    readonly asset: string;
    readonly available: string;
    readonly held: string;
    readonly total: string;
  }[];
}

const PAGE = 1_000;

/** Every account of the platform, by id. */
export async function* accountsOfPlatform(client: GatewayClient): AsyncGenerator<AccountView> {
  let cursor: string | undefined;
  do {
    const page: { accounts: readonly AccountView[]; nextCursor?: string } = await client.get(
      "/api/v1/accounts",
      {
        cursor,
        limit: PAGE,
      },
    );
    yield* page.accounts;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
