import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { partitionOf } from "@bourse/bus";
import { kafkaAdmin, kafkaBus } from "@bourse/bus/kafka";
import { kafkaCacheFolder, type SecureCluster, startSecureCluster } from "@bourse/bus/testing";
import { orderEvents, walletEvents } from "@bourse/contracts";
import { readRunFile, stopPlatform } from "@bourse/platform";
import { GatewayClient } from "./client.ts";
import { operatorKeyIn, PROJECT_ROOT, removeData } from "./data-folder.ts";
import { serviceAddresses } from "./testing/addresses.ts";
import { type BlockRunner, blockRunner, describeOutcome } from "./testing/run-blocks.ts";
import { shellBlocks } from "./testing/shell-blocks.ts";

const DOCUMENT = "docs/kafka.md";
const PASSWORDS = "passwords";
/** One for each partition, so that whatever the killed broker leads is missed. */
const SYMBOLS = symbolOfEachPartition();
const TRADERS = ["alice", "bob"] as const;
/** Orders that are on their way at once. */
const SENDERS = 4;
/** A fault is healed within a minute. */
const HEALED_MS = 60_000;

/** The platform as an operator brings it up by the document, on brokers as in production. */
describe("Bourse on three brokers with TLS, SCRAM and ACLs", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-kafka-"));
  const data = join(folder, "data");
  const blocks = shellBlocks(DOCUMENT, readFileSync(join(PROJECT_ROOT, DOCUMENT), "utf8")).filter(
    ({ mode }) => mode === "run",
  );
  const stopping = blocks.findIndex(({ text }) => text.includes("bourse down"));
  let cluster: SecureCluster;
  let runner: BlockRunner;
  let client: GatewayClient;

  before(async () => {
    cluster = await startSecureCluster({
      folder: join(folder, "kafka"),
      cacheFolder: kafkaCacheFolder(process.env),
    });
    mkdirSync(data);
    runner = blockRunner({
      folder,
      env: {
        ...process.env,
        ...(await serviceAddresses()),
        BOURSE_DATA: data,
        BOURSE_URL: "",
        BOURSE_KEY: "",
        DATABASE_URL: "",
        INIT_CWD: "",
        KAFKA_BOOTSTRAP_SERVERS: cluster.bootstrapServers,
        KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
        KAFKA_SSL_CA_LOCATION: cluster.authorityFile,
        ADMIN_PASSWORD: cluster.admin.password,
      },
      urlOf: (port) => `http://127.0.0.1:${port}`,
    });
  });
  after(async () => {
    await client?.close();
    await stopPlatform(data).catch(() => undefined);
    await cluster?.kill();
    await removeData(data);
    rmSync(folder, { recursive: true, force: true });
  });

  function busOf(service: string) {
    const username = `bourse-${service}`;
    return kafkaBus({
      bootstrapServers: cluster.bootstrapServers,
      clientId: "intruder",
      tls: { ca: cluster.authority },
      sasl: {
        mechanism: "SCRAM-SHA-512",
        username,
        password: readFileSync(join(folder, PASSWORDS, username), "utf8").trim(),
      },
    });
  }

  it(`comes up by the commands of ${DOCUMENT}, with a user for each service`, async () => {
    assert.ok(stopping > 0);
    const failed = await runner.run(blocks.slice(0, stopping));
    if (failed !== null) assert.fail(describeOutcome(failed));
    const url = readRunFile(data)?.gatewayUrl ?? "";
    client = new GatewayClient({ url, key: operatorKeyIn(data) });
    await setUpMarket(client);
  });

  it("lets no service write another's topic, or read what it does not consume", async () => {
    const record = { key: "x", value: "{}", headers: {}, timestampMs: 0 };
    const portfolio = busOf("portfolio");
    const wallet = busOf("wallet");
    try {
      await assert.rejects(
        portfolio.send([{ topic: walletEvents.name, partition: 0, records: [record] }]),
        /User:bourse-portfolio may not \w+ topic wallet-events/,
      );
      await assert.rejects(
        wallet.read({ topic: orderEvents.name, partition: 0, from: "earliest" }),
        /User:bourse-wallet may not \w+ topic order-events/,
      );
      await assert.rejects(
        portfolio.consume({
          group: "wallet.settlement",
          topics: ["trade-events"],
          onAssigned: async () => new Map(),
        }),
        /User:bourse-portfolio may not READ group wallet\.settlement/,
      );
      await assert.rejects(
        wallet.ensureTopics([{ name: "another", partitions: 1, retentionMs: -1 }]),
        /User:bourse-wallet may not CREATE topic another/,
      );
    } finally {
      await Promise.all([portfolio.close(), wallet.close()]);
    }
  });

  it("keeps three copies of each topic, and refuses one with fewer (R9)", async () => {
    const admin = kafkaAdmin({
      bootstrapServers: cluster.bootstrapServers,
      clientId: "admin",
      tls: { ca: cluster.authority },
      sasl: { mechanism: "SCRAM-SHA-512", ...cluster.admin },
    });
    try {
      const specs = (replicationFactor: number) => [
        { name: "few", partitions: 1, retentionMs: -1, replicationFactor },
      ];
      await admin.ensureTopics([
        { name: orderEvents.name, partitions: 4, retentionMs: -1, replicationFactor: 3 },
      ]);
      await admin.ensureTopics(specs(1));
      await assert.rejects(admin.ensureTopics(specs(3)), /topic few has 1 copies, 3 are asked for \(R9\)/);
    } finally {
      admin.close();
    }
  });

  it("goes on when a broker is killed under load, and every order is accounted for", async () => {
    const load = new Load(client);
    const running = load.run();
    await load.acknowledgedMore(200);
    await cluster.brokers[0]?.kill();
    const killed = performance.now();
    // Both sides of each symbol are placed after it, so a trade has come through every partition.
    const waits = await Promise.all(SYMBOLS.map((symbol) => load.untilTraded(symbol)));
    await load.acknowledgedMore(200);
    load.stop();
    await running;
    const seconds = waits.map((atMs) => ((atMs - killed) / 1000).toFixed(1)).join(", ");
    console.log(
      `${load.acknowledged} orders. Broker 1 was killed: partitions traded again after ${seconds} s; the longest answer to an ` +
        `order took ${Math.round(load.longestWaitMs)} ms`,
    );
    await load.settled();
    await cluster.brokers[0]?.start();
  });

  it("is verified: nothing lost, nothing twice; and stops", async () => {
    const failed = await runner.run(blocks.slice(stopping));
    if (failed !== null) assert.fail(describeOutcome(failed));
  });
});

async function setUpMarket(client: GatewayClient): Promise<void> {
  const asset = (name: string, kind: string, scale: number) =>
    client.post("/api/v1/assets", { asset: name, name, kind, scale });
  await asset("USD", "FIAT", 6);
  for (const symbol of SYMBOLS) {
    const baseAsset = symbol.replace("-USD", "");
    await asset(baseAsset, "CRYPTO", 8);
    await client.post("/api/v1/instruments", {
      symbol,
      baseAsset,
      quoteAsset: "USD",
      tickSize: "0.01",
      lotSize: "0.001",
      minQuantity: "0.001",
      maxQuantity: "1000",
      maxPrice: "100000",
      makerFeePpm: 200,
      takerFeePpm: 500,
      collarPpm: 200_000,
      referencePrice: "100",
    });
  }
  for (const accountId of TRADERS) {
    await client.post("/api/v1/accounts", { accountId });
    for (const name of ["USD", ...SYMBOLS.map((symbol) => symbol.replace("-USD", ""))])
      await client.post(
        `/api/v1/accounts/${accountId}/deposits`,
        { asset: name, amount: "1000000" },
        { idempotencyKey: `first-${name}` },
      );
  }
}

function symbolOfEachPartition(): readonly string[] {
  const symbols = new Map<number, string>();
  for (let number = 1; symbols.size < orderEvents.partitions; number++) {
    const symbol = `COIN${number}-USD`;
    const partition = partitionOf(symbol, orderEvents.partitions);
    if (!symbols.has(partition)) symbols.set(partition, symbol);
  }
  return [...symbols.values()];
}

interface OrderView {
  readonly orderId: string;
  readonly status: string;
}

/** Orders that trade with each other, each sent until it is known what became of it (R10). */
class Load {
  readonly #client: GatewayClient;
  readonly #orders = new Set<string>();
  readonly #waiting: { readonly count: number; readonly reached: () => void }[] = [];
  #stopped = false;
  #next = 0;
  longestWaitMs = 0;

  constructor(client: GatewayClient) {
    this.#client = client;
  }

  get acknowledged(): number {
    return this.#orders.size;
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: SENDERS }, () => this.#send()));
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      const number = this.#next++;
      // A buy and a sell of each symbol in turn.
      const side = number % 2 === 0 ? "BUY" : "SELL";
      await this.#place(SYMBOLS[(number >> 1) % SYMBOLS.length] ?? "", side, `order-${number}`);
      for (const { count, reached } of this.#waiting) if (this.acknowledged >= count) reached();
    }
  }

  /** The same key until there is an answer: what is not known is asked for again, and happens once. */
  async #place(symbol: string, side: "BUY" | "SELL", idempotencyKey: string): Promise<OrderView> {
    const body = {
      accountId: side === "BUY" ? TRADERS[0] : TRADERS[1],
      symbol,
      side,
      orderType: "LIMIT",
      timeInForce: "GTC",
      quantity: "0.01",
      price: "100",
    };
    const started = performance.now();
    for (;;) {
      try {
        const order = await this.#client.post<OrderView>("/api/v1/orders", body, { idempotencyKey });
        this.longestWaitMs = Math.max(this.longestWaitMs, performance.now() - started);
        this.#orders.add(order.orderId);
        return order;
      } catch (error) {
        const status = (error as { readonly problem?: { readonly status?: number } }).problem?.status;
        if (status !== undefined && status !== 503 && status !== 429) throw error;
      }
    }
  }

  /** Resolves when so many more are acknowledged. */
  async acknowledgedMore(more: number): Promise<void> {
    const count = this.acknowledged + more;
    await new Promise<void>((resolve) => this.#waiting.push({ count, reached: resolve }));
  }

  /** When a sell that is placed now, and the buy that meets it, have traded. */
  async untilTraded(symbol: string): Promise<number> {
    const { orderId } = await this.#place(symbol, "SELL", `sell-${symbol}`);
    await this.#place(symbol, "BUY", `buy-${symbol}`);
    await this.#openAtMost(0, [orderId]);
    return performance.now();
  }

  async #isOpen(orderId: string): Promise<boolean> {
    const { status } = await this.#client.get<OrderView>(`/api/v1/orders/${orderId}`);
    assert.ok(["OPEN", "PENDING", "PARTIALLY_FILLED", "FILLED"].includes(status), status);
    return status !== "FILLED";
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Every order that was acknowledged is there, and each buy has met a sell, but for one where their number is odd. */
  async settled(): Promise<void> {
    await this.#openAtMost(this.acknowledged % 2, [...this.#orders]);
  }

  async #openAtMost(most: number, orders: readonly string[]): Promise<void> {
    const started = performance.now();
    for (let open = orders; open.length > most; ) {
      assert.ok(performance.now() - started < HEALED_MS, `still open: ${open.join(", ")}`);
      const answers = await Promise.all(
        open.map(async (orderId) => ((await this.#isOpen(orderId)) ? [orderId] : [])),
      );
      open = answers.flat();
    }
  }
}
