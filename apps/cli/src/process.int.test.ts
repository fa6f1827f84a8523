import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { kafkaSkip } from "@bourse/bus/testing";
import { tablesOwner } from "@bourse/host";
import { postgresStore, schemaOfService, sql } from "@bourse/store";
import { startPostgres } from "@bourse/store/local-postgres";
import { UNHURRIED } from "@bourse/store/testing";
import { EXIT } from "./exit-codes.ts";
import { type Command, jsonOf, streamCommands } from "./testing/stream-commands.ts";

const skip = (await kafkaSkip(process.env, "any")) ?? false;

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

describe("bourse process, on a real Kafka", { skip, timeout: 480_000 }, () => {
  const prefix = `p${process.pid}.`;
  const topic = `${prefix}trade-events`;
  const other = `q${process.pid}.`;
  const commands = streamCommands([topic, `dead-letter-${topic}`, `${other}trade-events`]);
  const bourse = (...args: readonly string[]) => commands.start(args);

  it("R12: a redrive that is killed goes on at the next one: each trade once", async () => {
    const count = 3_000;
    const args = ["--count", String(count), "--clients", "40", "--topic-prefix", prefix];
    assert.equal((await bourse("produce", ...args).ended).status, EXIT.ok);
    const process = ["process", "--topic-prefix", prefix];
    // All other symbols are unknown at first.
    const strict = commands.start([...process, "--until-idle"], { TRADE_INSTRUMENTS: "BTC-USD:2:6" });
    assert.equal((await strict.ended).status, EXIT.ok, strict.said());

    const redrive = (url: string): Command => bourse("dlq", "redrive", "--all", "--url", url, "--json");
    const first = bourse(...process);
    const url = await urlOf(first);
    const before = await processed(url);
    await whileTheLastIsHeld(async () => {
      const interrupted = redrive(url);
      while ((await processed(url)) === before) await turn();
      first.child.kill("SIGKILL");
      await first.ended;
      // By itself it would wait half a minute for the server to come back.
      interrupted.child.kill("SIGKILL");
      await interrupted.ended;
    });

    const second = bourse(...process);
    try {
      const again = await urlOf(second);
      const between = await processed(again);
      assert.ok(between > before && between < count, `${before}, ${between}, ${count}`);
      const [outcome] = jsonOf(await redrive(again).ended).services;
      assert.deepEqual([outcome.applied, outcome.failed], [count - between, []]);
      assert.equal(await processed(again), count);
      assert.deepEqual(jsonOf(await bourse("dlq", "list", "--url", again, "--json").ended).records, []);
    } finally {
      second.child.kill("SIGTERM");
    }
    assert.equal((await second.ended).status, EXIT.ok);
  });

  it("R3: another stream's processor has numbers of its own, also for what operators did", async () => {
    // In the first stream a redrive has been audited by now.
    const sent = await bourse("produce", "--count", "40", "--topic-prefix", other).ended;
    assert.equal(sent.status, EXIT.ok, sent.stderr);
    const strict = { TRADE_INSTRUMENTS: "BTC-USD:2:6" };
    const process = ["process", "--topic-prefix", other];
    const done = commands.start([...process, "--until-idle"], strict);
    assert.equal((await done.ended).status, EXIT.ok, done.said());
    const running = bourse(...process);
    try {
      const redriven = await bourse("dlq", "redrive", "--all", "--url", await urlOf(running), "--json").ended;
      assert.deepEqual(jsonOf(redriven).services[0].failed, [], redriven.stderr);
    } finally {
      running.child.kill("SIGTERM");
    }
    assert.equal((await running.ended).status, EXIT.ok);
    const again = await bourse("process", "--topic-prefix", prefix, "--until-idle").ended;
    assert.equal(again.status, EXIT.ok, again.stderr);
  });

  it("R12: a start that waits for its database is ended by one signal, and says what it waited for", async () => {
    const nobody = "postgres://nobody:secret@127.0.0.1:1/bourse";
    const waiting = bourse("process", "--topic-prefix", prefix, "--database", nobody);
    let log = "";
    waiting.child.stdout?.on("data", (chunk) => (log += chunk));
    while (!log.includes("waiting for a dependency")) await turn();
    waiting.child.kill("SIGTERM");
    assert.equal((await waiting.ended).status, EXIT.failed, waiting.said());
    assert.match(waiting.said(), /ECONNREFUSED/);
  });

  it("processes a stream to its end", async () => {
    const sent = await bourse("produce", "--count", "400", "--topic-prefix", prefix).ended;
    assert.equal(sent.status, EXIT.ok, sent.stderr);
    const done = await bourse("process", "--topic-prefix", prefix, "--until-idle", "--json").ended;
    assert.equal(done.status, EXIT.ok, done.stderr);
    const { trades, deadLetters, clean } = jsonOf(done);
    assert.deepEqual([trades, deadLetters, clean], [400, 0, true]);
  });

  it("R12: while it runs by itself, bourse dlq shows what it has set aside, and redrives it", async () => {
    const sent = await bourse(
      "produce",
      "--count",
      "500",
      "--poison",
      "0.1",
      "--topic-prefix",
      prefix,
      "--json",
    ).ended;
    const poisoned = Object.values<number>(jsonOf(sent).poisoned).reduce((sum, count) => sum + count, 0);
    // It goes on from where the one before has ended, on the same tables.
    const running = bourse("process", "--topic-prefix", prefix);
    try {
      while (
        !running.said().includes(`${500 - poisoned} trades,`) ||
        !running.said().includes(` ${poisoned} dead letters, 0 behind`)
      ) {
        assert.equal(running.child.exitCode, null, running.said());
        await turn();
      }
      const url = await urlOf(running);
      const listed = jsonOf(await bourse("dlq", "list", "--url", url, "--json", "--limit", "1000").ended);
      assert.equal(listed.records.length, poisoned);
      const redriven = await bourse("dlq", "redrive", "--all", "--url", url, "--json").ended;
      const [outcome] = jsonOf(redriven).services;
      // What is bad in itself stays so.
      assert.deepEqual([outcome.applied, outcome.failed.length], [0, poisoned], redriven.stderr);
    } finally {
      running.child.kill("SIGTERM");
    }
    assert.equal((await running.ended).status, EXIT.ok);
  });

  async function urlOf(running: Command): Promise<string> {
    for (;;) {
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(running.said()) ?? [];
      if (url !== undefined) return url;
      assert.equal(running.child.exitCode, null, running.said());
      await turn();
    }
  }

  /** A redrive gets as far as the last partition of what is set aside, and waits there until the work is done. */
  async function whileTheLastIsHeld(work: () => Promise<void>): Promise<void> {
    const { adminUrl } = await startPostgres({ folder: join(commands.folder, "data", "postgres") });
    const schema = schemaOfService(tablesOwner({ name: "trade-processor", scope: topic }));
    const store = postgresStore({ url: adminUrl, schema, applicationName: "test", maxConnections: 1 });
    try {
      await store.transaction("hold", async (tx) => {
        await tx.run([
          UNHURRIED,
          sql`SELECT FROM marks WHERE partition = (SELECT max(partition) FROM parked) ORDER BY producer FOR UPDATE`,
        ]);
        await work();
        await tx.commit([]);
      });
    } finally {
      await store.close();
    }
  }

  /** How many trades its positions are made of. */
  async function processed(url: string): Promise<number> {
    const key = readFileSync(join(commands.folder, "data", "operator.key"), "utf8").trim();
    const answer = await fetch(`${url}/api/v1/processed/positions?limit=1000`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { positions, nextCursor } = (await answer.json()) as {
      readonly positions: readonly { readonly trades: number }[];
      readonly nextCursor?: string;
    };
    assert.equal(nextCursor, undefined, "all positions are on one page");
    return positions.reduce((sum, { trades }) => sum + trades, 0);
  }

  it("refuses a topic that is neither a generated stream nor a feed", async () => {
    const { status, stderr } = await bourse("process", "--topic", "trade-events").ended;
    assert.notEqual(status, EXIT.ok);
    assert.match(
      stderr,
      /the topic is trade-events; a generated stream has a prefix, such as sim\.trade-events/,
    );
  });
});
