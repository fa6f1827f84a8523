import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type AnyRoute, createDirectory, INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER } from "@bourse/host";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { allDefinitions } from "./definitions.ts";
import { DEMO_ASSETS, DEMO_INSTRUMENTS } from "./demo/market.ts";
import { PublicApi } from "./demo/public-api.ts";
import { machineTimer } from "./machine.ts";
import type { Platform } from "./platform.ts";
import { startPlatform } from "./start-platform.ts";

/** Every route of every service with every kind of caller: who is let in is what the route's definition says. */

interface ServedRoute {
  readonly service: string;
  readonly route: AnyRoute;
}

const folder = mkdtempSync(join(tmpdir(), "bourse-access-"));
const routes = allRoutes();
let platform: Platform;
let orderId: string;
const keys = { operator: "", alice: "", bob: "", revoked: "", madeUp: `bk_${"a".repeat(40)}` };

/** Those of the definitions, the ones that the host adds to them (parked records, rebuilds), and the gateway's own. */
function allRoutes(): readonly ServedRoute[] {
  const directory = createDirectory({
    definitions: allDefinitions,
    urlOf: () => "",
    internalToken: "",
    timer: machineTimer,
  });
  const served = directory.services.flatMap(({ name, routes: own }) =>
    own.map((route) => ({ service: name as string, route })),
  );
  const gateway = allDefinitions.find(({ name }) => name === "gateway");
  assert.ok(typeof gateway?.routes === "function");
  const own = gateway.routes({ services: [], forward: () => ({ status: 500, body: null }) });
  return [...served, ...own.map((route) => ({ service: "gateway", route }))];
}

before(async () => {
  platform = await startPlatform({
    dataFolder: folder,
    bus: "embedded",
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    env: { LOG_LEVEL: "error", BOURSE_WITH: "trade-processor" },
    progress: () => {},
  });
  keys.operator = platform.operatorKey;
  const operator = new PublicApi(platform.gatewayUrl, keys.operator);
  for (const body of DEMO_ASSETS) await operator.call("POST", "/api/v1/assets", { body });
  for (const body of DEMO_INSTRUMENTS) await operator.call("POST", "/api/v1/instruments", { body });
  for (const accountId of ["alice", "bob"] as const) {
    await operator.call("POST", "/api/v1/accounts", { body: { accountId } });
    keys[accountId] = (await newKey(operator, accountId, accountId)).key;
  }
  const revoked = await newKey(operator, "alice", "revoked");
  keys.revoked = revoked.key;
  await operator.call("DELETE", `/api/v1/keys/${revoked.keyId}`);
  const deposit = { asset: "USD", amount: "10000" };
  await operator.call("POST", "/api/v1/accounts/alice/deposits", { body: deposit, idempotencyKey: "1" });
  orderId = await placed();
});

after(async () => {
  await platform.stop();
  removeDataFolder(join(folder, "postgres"));
  rmSync(folder, { recursive: true, force: true });
});

function newKey(operator: PublicApi, accountId: string, idempotencyKey: string) {
  const options = { body: { accountId }, idempotencyKey };
  return operator.call<{ key: string; keyId: string }>("POST", "/api/v1/keys", options);
}

/** An order of alice's. Order's and wallet's views of a new instrument may be a moment behind. */
async function placed(): Promise<string> {
  const alice = new PublicApi(platform.gatewayUrl, keys.alice);
  const body = {
    ...{ symbol: "AAPL", side: "BUY", orderType: "LIMIT", timeInForce: "GTC", quantity: "1", price: "200" },
    clientOrderId: "first",
  };
  for (;;) {
    const answer = await alice.call<{ orderId?: string }>("POST", "/api/v1/orders", {
      body,
      accept: [422, 503],
    });
    if (answer.orderId !== undefined) return answer.orderId;
    await machineTimer.sleep(20);
  }
}

interface Asked {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

async function ask(url: string, { method, path }: AnyRoute, asked: Asked) {
  const { key, headers = {}, query = "", body } = asked;
  const response = await fetch(`${url}${filled(path)}${query}`, {
    method,
    headers: {
      ...headers,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(60_000),
  });
  return { status: response.status, text: await response.text() };
}

/** A path about alice and what is hers. */
function filled(path: string): string {
  const values: Readonly<Record<string, string>> = {
    accountId: "alice",
    orderId,
    symbol: "AAPL",
    asset: "USD",
    keyId: "nobody",
    topic: "orders",
    service: "auth",
  };
  return path.replace(/:(\w+)/g, (_, name: string) => values[name] ?? "x");
}

const nameOf = ({ service, route }: ServedRoute): string => `${service}: ${route.method} ${route.path}`;

/** Where the answers are other than they are to be: the test names them all. */
async function faults(
  among: readonly ServedRoute[],
  wanted: (status: number) => boolean,
  asking: (each: ServedRoute) => Promise<{ readonly status: number; readonly text: string }>,
): Promise<readonly string[]> {
  assert.ok(among.length > 0);
  const found: string[] = [];
  for (const each of among) {
    const { status, text } = await asking(each);
    if (!wanted(status)) found.push(`${nameOf(each)} answers ${status} ${text.slice(0, 200)}`);
  }
  return found;
}

const of = (...access: readonly string[]): readonly ServedRoute[] =>
  routes.filter(({ route }) => access.includes(route.access));
const isLetIn = (status: number): boolean => status !== 401 && status !== 403 && status < 500;
const has = (schema: unknown, field: string): boolean =>
  field in ((schema as { readonly properties?: object } | undefined)?.properties ?? {});
const viaGateway =
  (asked: Asked) =>
  ({ route }: ServedRoute) =>
    ask(platform.gatewayUrl, route, asked);

describe("who may call which route", { timeout: 480_000 }, () => {
  it("without a key: public routes, and nothing else, whatever a header says", async () => {
    const forged = {
      [INTERNAL_TOKEN_HEADER]: "guess",
      [PRINCIPAL_HEADER]: JSON.stringify({ keyId: "operator", role: "operator" }),
    };
    for (const headers of [{}, forged]) {
      assert.deepEqual(await faults(of("public"), isLetIn, viaGateway({ headers })), []);
      const closed = of("authenticated", "operator");
      assert.deepEqual(await faults(closed, (status) => status === 401, viaGateway({ headers })), []);
    }
  });

  it("with a key that is made up, or was revoked: nothing", async () => {
    const edge = of("public", "authenticated", "operator");
    for (const key of [keys.madeUp, keys.revoked, ""])
      assert.deepEqual(await faults(edge, (status) => status === 401, viaGateway({ key })), []);
  });

  it("internal routes are not there at the gateway, and closed at their service", async () => {
    const internal = of("internal");
    for (const key of [keys.alice, keys.operator])
      assert.deepEqual(await faults(internal, (status) => status === 404, viaGateway({ key })), []);
    const directly = ({ service, route }: ServedRoute) => {
      const url = platform.services.find(({ name }) => name === service)?.url;
      return ask(String(url), route, {
        key: keys.operator,
        headers: { [PRINCIPAL_HEADER]: JSON.stringify({ keyId: "operator", role: "operator" }) },
      });
    };
    const behind = routes.filter(({ service, route }) => service !== "gateway" && route.access !== "public");
    assert.deepEqual(await faults(behind, (status) => status === 401, directly), []);
  });

  it("an account's key: what is its own, and no operator's route", async () => {
    const { alice, bob } = keys;
    const operators = of("operator");
    assert.deepEqual(await faults(operators, (status) => status === 403, viaGateway({ key: alice })), []);
    assert.deepEqual(await faults(of("authenticated"), isLetIn, viaGateway({ key: alice })), []);
    const named = of("authenticated").filter(({ route }) => route.path.includes(":accountId"));
    assert.deepEqual(await faults(named, (status) => status === 403, viaGateway({ key: bob })), []);
    const ordered = of("authenticated").filter(({ route }) => route.path.includes(":orderId"));
    const foreign = (status: number): boolean => status === 404 || status === 400;
    assert.deepEqual(await faults(ordered, foreign, viaGateway({ key: bob })), []);
  });

  it("another account in the query or in the body is refused", async () => {
    const { bob: key } = keys;
    const refused = (status: number): boolean => status === 403;
    for (const field of ["accountId", "clientId"]) {
      const asked = of("authenticated").filter(({ route }) => has(route.query, field));
      const query = `?${field}=alice`;
      assert.deepEqual(await faults(asked, refused, viaGateway({ key, query })), []);
    }
    const told = of("authenticated").filter(({ route }) => has(route.body, "accountId"));
    const asking = ({ route }: ServedRoute) => {
      const [example = {}] = route.examples ?? [];
      return ask(platform.gatewayUrl, route, { key, body: { ...(example as object), accountId: "alice" } });
    };
    assert.deepEqual(await faults(told, refused, asking), []);
  });

  it("an operator's key: every route that is not internal", async () => {
    const key = keys.operator;
    assert.deepEqual(
      await faults(of("public", "authenticated", "operator"), isLetIn, viaGateway({ key })),
      [],
    );
  });
});
