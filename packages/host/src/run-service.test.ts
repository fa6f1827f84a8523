import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { Timer } from "@bourse/base";
import { BusError, type EventBus } from "@bourse/bus";
import { orderEvents, portfolioEvents } from "@bourse/contracts";
import { type Store, StoreError } from "@bourse/store";
import { Counter } from "prom-client";
import { Type } from "typebox";
import { ConfigError } from "./config.ts";
import type { AnyServiceDefinition } from "./definition.ts";
import { runService } from "./run-service.ts";
import { bareService } from "./testing/bare-service.ts";
import { manualTimer } from "./testing/manual-timer.ts";
import { testRuntime, testService } from "./testing.ts";

/** A promise that the test settles. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

function definition(parts: Partial<AnyServiceDefinition> = {}): AnyServiceDefinition {
  return {
    ...bareService({
      name: "portfolio",
      routes: [
        {
          method: "GET",
          path: "/work",
          summary: "",
          access: "public",
          answers: {},
          handle: () => ({ status: 200, body: {} }),
        },
      ],
    }),
    ...parts,
  };
}

const get = async (url: string): Promise<{ status: number; body: { code?: string; reasons?: string[] } }> => {
  const answer = await fetch(url, { headers: { connection: "close" } });
  return { status: answer.status, body: (await answer.json()) as { code?: string } };
};

test("health answers while setup runs; the doors open when it is done", async (t) => {
  const setup = gate();
  const { runtime } = await testRuntime(t);
  const listening = gate();
  let url = "";
  const starting = runService(
    definition({
      setup: async () => {
        listening.open();
        await setup.opened;
        return { made: true };
      },
    }),
    {
      ...runtime,
      listen: {
        host: "127.0.0.1",
        port: 0,
        onListening: (address) => {
          url = address;
        },
      },
    },
  );
  await listening.opened;
  assert.equal((await get(`${url}/health/live`)).status, 200);
  const ready = await get(`${url}/health/ready`);
  assert.deepEqual([ready.status, ready.body.reasons], [503, ["it is starting"]]);
  const refused = await get(`${url}/work`);
  assert.deepEqual([refused.status, refused.body.code], [503, "not_ready"]);
  setup.open();
  const running = await starting;
  t.after(async () => void (await running.drain(1_000)));
  assert.equal((await get(`${url}/health/ready`)).status, 200);
  assert.equal((await get(`${url}/work`)).status, 200);
  assert.deepEqual(running.service, { made: true });
});

test("a service says itself why it is not ready", async (t) => {
  const { request } = await testService(t, definition({ unready: () => ["risk has not loaded"] }));
  const ready = await request("GET", "/health/ready");
  assert.deepEqual([ready.status, ready.body.reasons], [503, ["risk has not loaded"]]);
  assert.equal((await request("GET", "/health/live")).status, 200);
});

test("a wrong environment fails before anything is opened", async (t) => {
  const { runtime } = await testRuntime(t);
  let setups = 0;
  const start = (env: Record<string, string>) =>
    runService(definition({ config: Type.Object({ DEPTH: Type.Integer() }), setup: () => (setups += 1) }), {
      ...runtime,
      env,
    });
  await assert.rejects(start({ LOG_LEVEL: "loud", DEPTH: "1" }), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, /portfolio.*LOG_LEVEL is "loud", wants one of fatal, error/);
    return true;
  });
  await assert.rejects(start({ DEPTH: "x" }), /DEPTH is "x", wants an integer/);
  assert.equal(setups, 0);
});

test("a setup that throws ends the service and gives its port back", async (t) => {
  const { runtime } = await testRuntime(t);
  let url = "";
  const listen = {
    host: "127.0.0.1",
    port: 0,
    onListening: (address: string) => {
      url = address;
    },
  };
  const failing = definition({
    setup: () => {
      throw new Error("no keys");
    },
  });
  await assert.rejects(runService(failing, { ...runtime, listen }), /no keys/);
  await assert.rejects(fetch(`${url}/health/live`));
});

test("a database that does not answer is waited for; one that refuses is not", async (t) => {
  const { runtime } = await testRuntime(t);
  let attempts = 0;
  const migrate = (failures: number, retryable: boolean) => () => {
    attempts += 1;
    if (attempts <= failures)
      return Promise.reject(new StoreError("store_unavailable", "away", { retryable }));
    return Promise.reject(new StoreError("statement_failed", "given up on purpose", { retryable: false }));
  };
  const migrations = new URL("./", import.meta.url);
  await assert.rejects(
    runService(definition({ migrations }), { ...runtime, migrate: migrate(2, true) }),
    /given up on purpose/,
  );
  assert.equal(attempts, 3);
  attempts = 0;
  await assert.rejects(
    runService(definition({ migrations }), { ...runtime, migrate: migrate(1, false) }),
    /away/,
  );
  assert.equal(attempts, 1);
});

test("drain: new work is refused, what is in flight is answered, then the sockets close", async (t) => {
  const work = gate();
  const begun = gate();
  const closed: string[] = [];
  const { running } = await testService(
    t,
    definition({
      routes: [
        {
          method: "GET",
          path: "/slow",
          summary: "",
          access: "public",
          answers: {},
          handle: async () => {
            begun.open();
            await work.opened;
            return { status: 200, body: { done: true } };
          },
        },
      ],
      close: () => {
        closed.push("service");
      },
    }),
  );
  // Keep-alive and idle: it must not hold the drain up.
  const idle = connect(running.port, "127.0.0.1");
  await once(idle, "connect");
  const slow = get(`${running.url}/slow`);
  await begun.opened;
  const drained = running.drain(60_000);
  const refused = await fetch(`${running.url}/slow`);
  assert.equal(refused.status, 503);
  assert.equal(((await refused.json()) as { code: string }).code, "draining");
  assert.ok(refused.headers.get("retry-after"));
  assert.equal(refused.headers.get("connection"), "close");
  assert.deepEqual((await get(`${running.url}/health/ready`)).body.reasons, ["it is draining"]);
  assert.deepEqual(closed, []);
  work.open();
  assert.deepEqual(await slow, { status: 200, body: { done: true } });
  assert.equal(await drained, true);
  assert.deepEqual(closed, ["service"]);
  await assert.rejects(fetch(`${running.url}/health/live`));
  assert.equal(running.drain(1), running.drain(1), "a second call is the first one");
});

test("drain: whoever leads connections is given time, and until then requests are served, each the last of its connection", async (t) => {
  const { runtime } = await testRuntime(t);
  const timer = manualTimer();
  const work = gate();
  const begun = gate();
  const slow: AnyServiceDefinition["routes"] = [
    {
      method: "GET",
      path: "/slow",
      summary: "",
      access: "public",
      answers: {},
      handle: async () => {
        begun.open();
        await work.opened;
        return { status: 200, body: {} };
      },
    },
  ];
  const running = await runService(definition({ routes: slow }), {
    ...runtime,
    timer,
    env: { ...runtime.env, HTTP_DRAIN_NOTICE_MS: "5000" },
    listen: { host: "127.0.0.1", port: 0 },
  });
  const before = fetch(`${running.url}/slow`);
  await begun.opened;
  const drained = running.drain(15_000);
  assert.deepEqual((await get(`${running.url}/health/ready`)).body.reasons, ["it is draining"]);
  work.open();
  for (const answer of [await before, await fetch(`${running.url}/slow`)]) {
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("connection"), "close");
    await answer.arrayBuffer();
  }
  timer.advance(5_000);
  assert.equal(await drained, true);
  await assert.rejects(fetch(`${running.url}/health/live`));
});

test("drain: an answer that its client is still taking is sent to its end", async (t) => {
  // More than the buffers of both ends of a connection hold.
  const body = "x".repeat(32_000_000);
  const closed = gate();
  const { running } = await testService(
    t,
    definition({
      routes: [
        {
          method: "GET",
          path: "/long",
          summary: "",
          access: "public",
          answers: {},
          handle: () => ({ status: 200, headers: { "content-type": "text/plain" }, body }),
        },
      ],
      close: () => closed.open(),
    }),
  );
  const taken = await fetch(`${running.url}/long`);
  const drained = running.drain(60_000);
  await closed.opened;
  assert.equal((await taken.text()).length, body.length);
  assert.equal(await drained, true);
});

test("drain ends at its deadline, and says that it cut something off", async (t) => {
  const begun = gate();
  const { running } = await testService(
    t,
    definition({
      routes: [
        {
          method: "GET",
          path: "/never",
          summary: "",
          access: "public",
          answers: {},
          handle: () => {
            begun.open();
            return new Promise(() => undefined);
          },
        },
      ],
    }),
  );
  const lost = assert.rejects(fetch(`${running.url}/never`));
  await begun.opened;
  assert.equal(await running.drain(20), false);
  await lost;
});

test("more requests than the bound are refused, and health still answers", async (t) => {
  const work = gate();
  const begun = gate();
  const { running, request } = await testService(
    t,
    definition({
      routes: [
        {
          method: "GET",
          path: "/slow",
          summary: "",
          access: "public",
          answers: {},
          handle: async () => {
            begun.open();
            await work.opened;
            return { status: 200, body: {} };
          },
        },
      ],
    }),
    { env: { HTTP_MAX_IN_FLIGHT: "1" } },
  );
  const first = get(`${running.url}/slow`);
  await begun.opened;
  assert.equal((await request("GET", "/slow")).body.code, "queue_full");
  assert.equal((await request("GET", "/health/ready")).status, 200);
  work.open();
  assert.equal((await first).status, 200);
});

test("status and quiet are for other services; quiet says what it waits for", async (t) => {
  const { request, quiet } = await testService(t, definition());
  for (const path of ["/internal/status", "/internal/quiet"])
    assert.equal((await request("GET", path)).status, 401);
  const status = await request("GET", "/internal/status", { as: "internal" });
  assert.equal(status.body.phase, "ready");
  assert.deepEqual(status.body.unready, []);
  assert.deepEqual((await request("GET", "/internal/quiet", { as: "internal" })).body, {
    quiet: true,
    reasons: [],
  });
  await quiet();
});

test("invariants are reported, bounded, and a check that fails is a violation", async (t) => {
  const { request } = await testService(
    t,
    definition({
      invariants: [
        { name: "good", rule: "all is well", check: async () => ({ checked: 3, violations: [] }) },
        {
          name: "bad",
          rule: "nothing is wrong",
          check: async () => ({
            checked: 99,
            violations: Array.from({ length: 99 }, (_, index) => `wrong ${index}`),
          }),
        },
        { name: "broken", rule: "it can be checked", check: () => Promise.reject(new Error("no table")) },
      ],
    }),
  );
  const { body } = await request("POST", "/internal/invariants", { as: "internal" });
  const [good, bad, broken] = body.invariants;
  assert.deepEqual(good, {
    name: "good",
    rule: "all is well",
    checked: 3,
    violations: [],
    violationCount: 0,
  });
  assert.deepEqual([bad.violations.length, bad.violationCount], [20, 99]);
  assert.deepEqual(broken.violations, ["the check itself failed: no table"]);
});

test("an invariant is checked by name, a part at a time where it has parts; all of them are told", async (t) => {
  const hex = (digit: string): string => digit.repeat(32);
  const { request } = await testService(
    t,
    definition({
      invariants: [
        { name: "whole", rule: "all is well", check: async () => ({ checked: 3, violations: [] }) },
        {
          name: "parted",
          rule: "nothing is wrong",
          check: async (_service, after = hex("0")) => ({
            checked: 10,
            violations: [`behind ${after[0]}`],
            ...(after === hex("2") ? {} : { next: hex(String(Number(after[0]) + 1)) }),
          }),
        },
      ],
    }),
  );
  const internal = (method: "GET" | "POST", path: string) => request(method, path, { as: "internal" });
  const told = await internal("GET", "/internal/invariants");
  assert.deepEqual(told.body.invariants.slice(0, 2), [
    { name: "whole", rule: "all is well" },
    { name: "parted", rule: "nothing is wrong" },
  ]);
  const whole = await internal("POST", "/internal/invariants/whole");
  assert.deepEqual([whole.body.checked, whole.body.next], [3, undefined]);

  const figure = async (): Promise<string | undefined> =>
    /^bourse_invariant_violations{.*"parted".*} (.*)$/m.exec((await request("GET", "/metrics")).body)?.[1];
  const found: string[] = [];
  for (let part = await internal("POST", "/internal/invariants/parted"); ; ) {
    found.push(...part.body.violations);
    if (part.body.next === undefined) break;
    part = await internal("POST", `/internal/invariants/parted?after=${part.body.next}`);
  }
  assert.deepEqual(found, ["behind 0", "behind 1", "behind 2"]);
  assert.equal(await figure(), "3");
  await internal("POST", "/internal/invariants/parted");
  assert.equal(await figure(), "1");

  const all = await internal("POST", "/internal/invariants");
  const { checked, violations, violationCount } = all.body.invariants[1];
  assert.deepEqual([checked, violations, violationCount], [30, found, 3]);
  assert.equal(await figure(), "3");

  const unknown = await internal("POST", "/internal/invariants/nothing");
  assert.deepEqual([unknown.status, unknown.body.errors[0].given], [404, "nothing"]);
  assert.match(unknown.body.errors[0].allowed, /^whole, parted/);
  const beside = await internal("POST", "/internal/invariants/parted?after=beginning");
  assert.deepEqual([beside.status, beside.body.errors[0].field], [400, "after"]);
});

test("a store is not there for a service that keeps nothing", async (t) => {
  await assert.rejects(
    testService(t, definition({ setup: (shell) => shell.store })),
    /portfolio has no migrations/,
  );
});

test("each service gets a secret and a folder of its own", async (t) => {
  const shells: { secret: string; sharedFolder: string }[] = [];
  const setup: AnyServiceDefinition["setup"] = ({ secret, sharedFolder }) => {
    shells.push({ secret, sharedFolder });
  };
  const { runtime } = await testRuntime(t);
  for (const name of ["portfolio", "risk"] as const) {
    const running = await runService(definition({ name, setup }), runtime);
    await running.drain(1_000);
  }
  const [one, other] = shells;
  assert.notEqual(one?.secret, other?.secret);
  assert.notEqual(one?.secret, runtime.secret);
  assert.match(other?.sharedFolder ?? "", /risk$/);
});

test("a store that does not answer during setup is waited for, and what was left unknown is looked at again", async (t) => {
  const { runtime, ends } = await testRuntime(t);
  const failures = [
    new StoreError("store_unavailable", "away", { retryable: true }),
    new StoreError("commit_unknown", "the answer was lost", { retryable: false }),
  ];
  let tries = 0;
  const running = await runService(
    definition({
      setup: ({ metrics }) => {
        tries += 1;
        new Counter({ name: "made_by_setup", help: "once in each try", registers: [metrics] });
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return {};
      },
    }),
    { ...runtime, timer: { ...runtime.timer, sleep: () => Promise.resolve() } },
  );
  ends.push(() => running.drain(1_000));
  assert.equal(tries, 3);
  assert.equal((await running.status()).phase, "ready");
});

test("a start that waits for what does not answer ends where it is told to, with what it has waited for", async (t) => {
  const { runtime } = await testRuntime(t);
  const ending = new AbortController();
  const away = new StoreError("store_unavailable", "password authentication failed", { retryable: true });
  const setup = (): never => {
    setImmediate(() => ending.abort());
    throw away;
  };
  const { after } = runtime.timer;
  // Its patience is short, its pauses are long.
  const timer: Timer = {
    ...runtime.timer,
    after: (_delayMs, callback) => after(1, callback),
    sleep: (_delayMs, signal) =>
      new Promise((resolve) => {
        if (signal === undefined) after(2, resolve);
        else signal.addEventListener("abort", () => resolve());
      }),
  };
  const waiting = { ...runtime, timer, ending: ending.signal };
  await assert.rejects(runService(definition({ setup }), waiting), away);
});

test("a start that waits for the broker to read back its topics ends where it is told to", async (t) => {
  const { runtime, bus } = await testRuntime(t);
  const ending = new AbortController();
  const topics = (): Promise<never> => {
    setImmediate(() => ending.abort());
    return Promise.reject(new BusError("bus_unavailable", "no broker answers", { retryable: true }));
  };
  const away = (): Promise<never> =>
    Promise.reject(new StoreError("store_unavailable", "away", { retryable: true }));
  const store = { transaction: away, query: away, close: () => Promise.resolve() } as unknown as Store;
  const without = {
    ...runtime,
    ending: ending.signal,
    bus: Object.assign(Object.create(bus), { topics }),
    migrate: () => Promise.resolve(),
    openStore: () => store,
  };
  const migrations = new URL("./", import.meta.url);
  await assert.rejects(runService(definition({ migrations, publishes: [portfolioEvents] }), without), {
    code: "start_failed",
    message: "portfolio was told to end while it started, and could not read back where its topics end",
  });
});

test("a broker that is away while a view catches up is waited for", async (t) => {
  const { runtime, bus, ends } = await testRuntime(t);
  const consumes: AnyServiceDefinition["consumes"] = [
    { kind: "view", subscription: "orders", topics: [orderEvents], from: "earliest", apply: () => undefined },
  ];
  let away = true;
  const offsets: EventBus["offsets"] = (topic) =>
    away
      ? Promise.reject(new BusError("bus_unavailable", "no broker answers", { retryable: true }))
      : bus.offsets(topic);
  const blinking = Object.assign(Object.create(bus), { offsets });
  const running = await runService(definition({ consumes }), { ...runtime, bus: blinking });
  ends.push(() => running.drain(1_000));
  away = false;
  assert.equal((await running.status()).phase, "ready");
});

test("a start that waits for a view to catch up ends where it is told to", async (t) => {
  const { runtime } = await testRuntime(t);
  const ending = new AbortController();
  // Never told where it begins.
  const from = (): Promise<never> => new Promise(() => undefined);
  const consumes: AnyServiceDefinition["consumes"] = [
    { kind: "view", subscription: "orders", topics: [orderEvents], from, apply: () => undefined },
  ];
  setImmediate(() => ending.abort());
  await assert.rejects(runService(definition({ consumes }), { ...runtime, ending: ending.signal }), {
    code: "start_failed",
    message: "portfolio was told to end while it started, and does not catch up",
  });
});
