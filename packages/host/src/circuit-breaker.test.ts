import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "@bourse/base";
import fc from "fast-check";
import { type Admission, type BreakerState, CircuitBreaker } from "./circuit-breaker.ts";
import { manualTimer } from "./testing/manual-timer.ts";

function breaker(seed = 1) {
  const timer = manualTimer();
  const states: BreakerState[] = [];
  const made = new CircuitBreaker({
    timer,
    random: seededRandom(seed),
    changed: (state) => states.push(state),
  });
  const call = (succeeded: boolean): boolean => {
    const admission = made.admit();
    if (admission.admitted) admission.report(succeeded);
    return admission.admitted;
  };
  return { made, timer, states, call };
}

function admitted(admission: Admission): Extract<Admission, { readonly admitted: true }> {
  assert.ok(admission.admitted);
  return admission;
}

/** How long it stays open, found by small steps. */
function openMs({ made, timer }: ReturnType<typeof breaker>): number {
  let waitedMs = 0;
  while (made.state === "open") {
    timer.advance(10);
    waitedMs += 10;
  }
  return waitedMs;
}

test("it opens after five failures in a row, not after four and a success", () => {
  const { made, call, states } = breaker();
  for (let n = 0; n < 4; n++) call(false);
  call(true);
  for (let n = 0; n < 4; n++) call(false);
  assert.equal(made.state, "closed");
  call(false);
  assert.deepEqual([made.state, states], ["open", ["open"]]);
  assert.equal(call(true), false, "nothing goes out");
});

test("it opens when more than half of the last calls failed, however they are mixed", () => {
  const { made, call } = breaker();
  for (let n = 0; n < 40; n++) call(n % 4 !== 3 ? n % 2 === 0 : true);
  assert.equal(made.state, "closed", "a quarter failed");
  let calls = 0;
  while (made.state === "closed" && calls < 100) {
    call(calls % 3 === 0);
    calls += 1;
  }
  assert.equal(made.state, "open");
  assert.ok(calls > 5, "it was not five in a row");
});

test("one probe at a time: it closes the breaker, or opens it for longer", () => {
  const at = breaker();
  const { made, call, timer } = at;
  for (let n = 0; n < 5; n++) call(false);
  const opens: number[] = [];
  for (let n = 0; n < 8; n++) {
    opens.push(openMs(at));
    assert.equal(made.state, "half_open");
    const probe = admitted(made.admit());
    assert.equal(made.admit().admitted, false, "the others wait for the probe");
    probe.report(false);
    assert.equal(made.state, "open");
  }
  for (const [index, ms] of opens.entries()) {
    const longest = Math.min(10_000, 500 * 2 ** index);
    assert.ok(ms >= longest / 2 && ms <= longest + 10, `${ms} of ${longest} ms`);
  }
  openMs(at);
  assert.ok(call(true));
  assert.equal(made.state, "closed");
  for (let n = 0; n < 5; n++) call(false);
  assert.ok(openMs(at) <= 510, "after a success it starts with the shortest again");
  assert.equal(timer.pending, 0);
});

test("a probe that hangs counts as failed after two seconds; its late answer says nothing", () => {
  const at = breaker();
  for (let n = 0; n < 5; n++) at.call(false);
  openMs(at);
  const probe = admitted(at.made.admit());
  at.timer.advance(1_999);
  assert.equal(at.made.state, "half_open");
  at.timer.advance(1);
  assert.equal(at.made.state, "open");
  probe.report(true);
  assert.equal(at.made.state, "open");
});

test("calls from before it opened say nothing about the time after", () => {
  const at = breaker();
  const early = Array.from({ length: 10 }, () => admitted(at.made.admit()));
  for (const call of early.slice(0, 5)) call.report(false);
  assert.equal(at.made.state, "open");
  openMs(at);
  early[5]?.report(true);
  assert.equal(at.made.state, "half_open");
  admitted(at.made.admit()).report(true);
  for (const call of early.slice(6)) call.report(false);
  at.call(false);
  assert.equal(at.made.state, "closed");
});

test("R16: the same seed waits the same, another seed otherwise; what is closed leaves no timer", () => {
  const waited = (seed: number): number => {
    const at = breaker(seed);
    for (let n = 0; n < 5; n++) at.call(false);
    return openMs(at);
  };
  assert.equal(waited(7), waited(7));
  assert.ok(new Set([1, 2, 3, 4, 5].map(waited)).size > 1);
  const { made, timer, call } = breaker();
  for (let n = 0; n < 5; n++) call(false);
  assert.equal(timer.pending, 1);
  made.close();
  assert.equal(timer.pending, 0);
});

test("whatever happens, it never admits while open, admits one while half open, and always comes back", () => {
  const step = fc.oneof(
    fc.constant({ kind: "call" as const }),
    fc.record({ kind: fc.constant("report" as const), which: fc.nat(20), succeeded: fc.boolean() }),
    fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(3_000) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer(), (steps, seed) => {
      const { made, timer } = breaker(seed);
      const inFlight: Extract<Admission, { readonly admitted: true }>[] = [];
      let probes = 0;
      for (const each of steps) {
        const before = made.state;
        if (each.kind === "wait") timer.advance(each.ms);
        else if (each.kind === "report") {
          const [call] = inFlight.splice(each.which % Math.max(1, inFlight.length), 1);
          call?.report(each.succeeded);
        } else {
          const admission = made.admit();
          if (before === "open") assert.equal(admission.admitted, false);
          if (before === "closed") assert.equal(admission.admitted, true);
          if (before === "half_open" && admission.admitted) probes += 1;
          if (admission.admitted) inFlight.push(admission);
          else assert.ok(admission.retryAfterMs > 0);
        }
        if (made.state !== "half_open") probes = 0;
        assert.ok(probes <= 1);
      }
      timer.advance(60_000);
      const probe = made.admit();
      assert.ok(probe.admitted, "after a while without calls one is let through");
      probe.report(true);
      assert.equal(made.state, "closed");
    }),
    { numRuns: 300 },
  );
});
