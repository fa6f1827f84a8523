import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import type { OutgoingRecord } from "@bourse/bus";
import { tradeEvents } from "@bourse/contracts";
import { createDirectory, PeerError } from "@bourse/host";
import { testService } from "@bourse/host/testing";
import { portfolio } from "@bourse/portfolio";
import { sql } from "@bourse/store";
import { type LocalPostgres, removeDataFolder, startPostgres } from "@bourse/store/local-postgres";
import { machineTimer } from "./machine.ts";
import type { Platform } from "./platform.ts";
import { startPlatform } from "./start-platform.ts";
import { ALARM_CASES } from "./testing/alarm-cases.ts";
import { startAlarmExporter } from "./testing/alarm-exporter.ts";
import { metricsOf, quickened, readAlarms } from "./testing/alarm-rules.ts";
import { programSkip, provisionProgram } from "./testing/debian-program.ts";
import {
  type FiringAlert,
  PROMETHEUS,
  type ScrapedPage,
  startPrometheus,
} from "./testing/start-prometheus.ts";

const RULES = readFileSync(
  resolve(import.meta.dirname, "../../deploy/prometheus/rules/bourse.rules.yml"),
  "utf8",
);
const alarms = readAlarms(RULES);
/** Five minutes are ten seconds: quicker, and the scrapes alone keep a machine busy that has other tests beside. */
const QUICKER = 30;
/** They tell of the machine that the tests run on, not of the platform. */
const OF_THE_MACHINE: ReadonlySet<string> = new Set(["BourseDiskLow", "BourseEventLoopLag"]);
/** Only a process that calls another over HTTP has them. */
const OF_SEVERAL_PROCESSES: readonly string[] = ["bourse_peer_breaker_state"];

const skip = await programSkip(PROMETHEUS, {
  environment: process.env,
  progress: (line) => process.stderr.write(`${line}\n`),
});

/** Each part has a Prometheus of its own, because most of the time they wait. */
describe("the alarms in a real Prometheus", {
  skip: skip ?? false,
  timeout: 480_000,
  concurrency: true,
}, () => {
  it("figures of several processes are told by one that calls another", async (t) => {
    const directory = createDirectory({
      definitions: [],
      urlOf: () => "http://127.0.0.1:9",
      internalToken: "x",
      timer: machineTimer,
    });
    t.after(() => directory.close());
    const { running } = await testService(t, portfolio);
    const call = directory.call("wallet", { method: "GET", path: "/health/live" }, "1", 1_000);
    await assert.rejects(call, PeerError);
    const told = await metricsTold([pageOf("portfolio", running.url)]);
    assert.deepEqual(
      OF_SEVERAL_PROCESSES.filter((metric) => !told.has(metric)),
      [],
    );
  });

  it("each rings on its figures, and is silent again when they are mended", async (t) => {
    const { until, scraped, silent } = await watching(t);
    assert.deepEqual(Object.keys(ALARM_CASES).sort(), alarms.map(({ alert }) => alert).sort());
    const exporter = await startAlarmExporter(ALARM_CASES);
    t.after(() => exporter.close());
    await scraped(exporter.pages);
    // Longer than what any of them waits for: what is sound does not ring.
    await silent(exporter.pages.length, 12);
    exporter.breakAll();
    await until("all ring", ({ names }) => names.size === alarms.length);
    exporter.mendAll();
    await until("none rings", ({ names }) => names.size === 0);
  });

  it("a record that is parked and a gap ring on a real service, until both are dealt with", async (t) => {
    const { until, scraped } = await watching(t);
    const tested = await testService(t, portfolio);
    await scraped([pageOf("portfolio", tested.running.url)]);
    const records = [tradeRecord(1, {}), tradeRecord(3, SETTLED)];
    await tested.bus.send([{ topic: tradeEvents.name, partition: 0, records }]);
    await until("both ring", ({ names }) =>
      ["BourseNotReady", "BourseRecordsParked", "BourseSequenceGap"].every((name) => names.has(name)),
    );
    // Number 2 is lost for good: an operator's mark says that it is done without.
    await tested.store.transaction("bridge", (tx) =>
      tx.commit([
        sql`UPDATE marks SET sequence = 2 WHERE subscription = 'positions' AND producer = 'wallet'`,
      ]),
    );
    const restarted = await tested.restart();
    await restarted.quiet();
    await scraped([pageOf("portfolio", restarted.running.url)]);
    await until("the parked record alone rings", ({ names }) => !names.has("BourseSequenceGap"));
    const dropped = await restarted.request("POST", "/api/v1/dead-letters/portfolio/drop", {
      as: { keyId: "op", role: "operator" },
      body: { subscription: "positions", reason: "the producer was a test" },
    });
    // The one that could not be read, and the one of its key that queued behind it.
    assert.deepEqual([dropped.status, dropped.body.dropped], [200, 2], JSON.stringify(dropped.body));
    await until("none rings", noneRings);
  });

  describe("on a platform", { concurrency: 1 }, () => {
    const data = mkdtempSync(join(tmpdir(), "bourse-alarms-data-"));
    let postgres: LocalPostgres;
    let platform: Platform;
    let pages: readonly ScrapedPage[];
    let watch: Watch;
    const ends: (() => Promise<void>)[] = [];

    before(async () => {
      watch = await watching({ after: (end) => ends.push(end) });
      postgres = await startPostgres({ folder: join(data, "database"), settings: { fsync: "off" } });
      platform = await startPlatform({
        dataFolder: data,
        bus: "embedded",
        demo: false,
        ports: "free",
        host: "127.0.0.1",
        env: { LOG_LEVEL: "fatal", DATABASE_URL: postgres.adminUrl },
        progress: () => {},
      });
      pages = platform.services.map(({ name, url }) => pageOf(name, url));
    });
    after(async () => {
      await platform?.stop();
      await postgres?.stop();
      for (const end of ends) await end();
      removeDataFolder(join(data, "database"));
      rmSync(data, { recursive: true, force: true });
    });

    it("that is well none rings, and every figure that a rule reads is there", async () => {
      const { scraped, silent } = watch;
      await scraped(pages);
      for (const { name } of platform.services) {
        const answer = await fetch(`${platform.gatewayUrl}/api/v1/platform/invariants/${name}`, {
          method: "POST",
          headers: { authorization: `Bearer ${platform.operatorKey}` },
        });
        assert.equal(answer.status, 200, await answer.text());
      }
      await silent(pages.length, 20, OF_THE_MACHINE);
      const told = new Set([...(await metricsTold(pages)), ...OF_SEVERAL_PROCESSES]);
      const read = [...new Set(alarms.flatMap(metricsOf))];
      assert.deepEqual(
        read.filter((metric) => !told.has(metric)),
        [],
      );
    });

    it("whose database is gone it rings, until the database is back", async () => {
      const { until, scraped } = watch;
      await scraped(pages);
      await postgres.kill();
      await until("the database's absence rings", ({ names }) =>
        ["BourseDatabaseDown", "BourseNotReady"].every((name) => names.has(name)),
      );
      await postgres.restart();
      await until("none rings", noneRings);
    });

    it("that has stopped it rings for each of its services", async () => {
      const { until, scraped } = watch;
      await scraped(pages);
      assert.equal(await platform.stop(), true);
      const all = platform.services.map(({ name }) => name);
      await until("all are down", ({ services }) => {
        const down = services("BourseProcessDown");
        return all.every((name) => down.includes(name));
      });
    });
  });
});

const SETTLED = { symbol: "AAPL", buyerAccountId: "a", sellerAccountId: "b", shortfall: false };

/** As wallet's relay would have written it. Without all of its fields it is undecodable. */
function tradeRecord(sequence: number, fields: object): OutgoingRecord {
  const event = {
    eventType: "TradeSettled",
    timestamp: "2026-01-01T00:00:00.000Z",
    tradeId: `t${sequence}`,
    ...fields,
  };
  return {
    key: "AAPL",
    value: JSON.stringify(event),
    headers: {
      id: `${tradeEvents.name}/0/1/${sequence}`,
      producer: "wallet",
      epoch: "1",
      sequence: String(sequence),
      "event-version": "1",
    },
    timestampMs: 0,
  };
}

interface Watch {
  /** Polls until what rings is right; one that waits in vain says what rang. */
  until(what: string, right: (ringing: Ringing) => boolean): Promise<void>;
  /** From now on these pages are scraped and no others; resolves when all of them answer. */
  scraped(pages: readonly ScrapedPage[]): Promise<void>;
  /** Nothing else rings after so many scrapes of each page, as Prometheus itself counts them. */
  silent(pages: number, times: number, otherThan?: ReadonlySet<string>): Promise<void>;
}

/** A Prometheus with the rules, in minutes that are two seconds. */
async function watching(t: { after(end: () => Promise<void>): void }): Promise<Watch> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-alarms-"));
  const program = await provisionProgram(PROMETHEUS, { environment: process.env });
  const prometheus = await startPrometheus({ program, folder, rules: quickened(RULES, QUICKER) });
  t.after(async () => {
    await prometheus.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const scrapes = async (): Promise<number> =>
    (await prometheus.query("sum(count_over_time(up[10m]))"))[0]?.value ?? 0;
  const evaluated = async (pages: number, times: number): Promise<void> => {
    const goal = (await scrapes()) + pages * times;
    await poll(
      async () => (await scrapes()) >= goal,
      () => "there are as many scrapes",
    );
  };
  return {
    until: async (what, right) => {
      let ringing: Ringing = { names: new Set(), services: () => [] };
      const rings = async (): Promise<boolean> => {
        ringing = ringingOf(await prometheus.firing());
        return right(ringing);
      };
      await poll(rings, () => `${what}; these ring: ${[...ringing.names].join(", ") || "none"}`);
    },
    scraped: async (pages) => {
      prometheus.scrape(pages);
      await poll(
        async () => (await prometheus.healthy()) === pages.length,
        () => "all pages are scraped",
      );
    },
    silent: async (pages, times, otherThan = new Set()) => {
      let ringing: readonly FiringAlert[] = [];
      const isInTime = async (): Promise<boolean> => {
        await evaluated(pages, times);
        ringing = (await prometheus.firing()).filter(({ name }) => !otherThan.has(name));
        // A page that the machine was late with is taken for down, and once it answers it is looked at anew.
        return !ringing.some(({ name }) => name === "BourseProcessDown");
      };
      await poll(isInTime, () => `all pages answer in time; these ring: ${JSON.stringify(ringing)}`);
      assert.deepEqual(ringing, []);
    },
  };
}

/** Not a measure of anything: a test that would hang says what it waited for instead. */
const LIMIT_MS = 120_000;

async function poll(holds: () => Promise<boolean>, what: () => string): Promise<void> {
  for (const giveUpAt = performance.now() + LIMIT_MS; performance.now() < giveUpAt; ) {
    if (await holds()) return;
    await machineTimer.sleep(50);
  }
  assert.fail(`waited in vain until ${what()}`);
}

interface Ringing {
  readonly names: ReadonlySet<string>;
  readonly services: (alert: string) => readonly string[];
}

function ringingOf(alerts: readonly FiringAlert[]): Ringing {
  return {
    names: new Set(alerts.map(({ name }) => name)),
    services: (alert) =>
      alerts.filter(({ name }) => name === alert).map(({ labels }) => labels.service ?? ""),
  };
}

function noneRings({ names }: Ringing): boolean {
  return [...names].every((name) => OF_THE_MACHINE.has(name));
}

/** Names of all metrics that the pages have, also of those that have no series at the moment. */
async function metricsTold(pages: readonly ScrapedPage[]): Promise<ReadonlySet<string>> {
  // Prometheus itself tells this one.
  const names = new Set(["up"]);
  for (const { address, path } of pages) {
    const text = await (await fetch(`http://${address}${path}`)).text();
    for (const [, name = "", type] of text.matchAll(/^# TYPE (\S+) (\w+)$/gm))
      for (const each of type === "histogram" ? [`${name}_count`, `${name}_sum`, `${name}_bucket`] : [name])
        names.add(each);
  }
  return names;
}

function pageOf(service: string, url: string): ScrapedPage {
  return { address: new URL(url).host, path: "/metrics", labels: { service } };
}
