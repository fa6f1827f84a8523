import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { it } from "node:test";
import { EXIT } from "./exit-codes.ts";
import { fakeGateway, problemAnswer } from "./testing/fake-gateway.ts";

const MAIN = join(import.meta.dirname, "main.ts");
const RUNNING = { state: "running", reason: null };

it("a rebuild whose service restarts meanwhile is asked to go on", async (t) => {
  const asked: string[] = [];
  let looks = 0;
  const building = (lag: number | null, runner: object | null) => ({
    status: 200,
    body: { state: "BUILDING", generation: 2, lag, runner },
  });
  const gateway = await fakeGateway(t, ({ method, body }) => {
    // At the first look it runs, and from then on it waits to be asked.
    if (method === "GET")
      return ++looks > 3 ? problemAnswer(500, "asked_in_vain") : building(5, looks === 1 ? RUNNING : null);
    asked.push(body.action);
    if (body.action === "start") return building(asked.length === 1 ? 5 : 0, RUNNING);
    if (body.action === "compare") return { status: 200, body: { sameMarks: true, behind: 0, tables: [] } };
    if (body.action === "switch") return { status: 200, body: { republished: 0 } };
    return { status: 200, body: { state: "ENDED", generation: 2, lag: 0, runner: null } };
  });
  const args = ["rebuild", "portfolio", "positions", "--yes", "--json", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  assert.deepEqual(asked, ["start", "start", "compare", "switch", "drop"]);
  assert.equal(code, EXIT.ok);
  assert.equal(JSON.parse(told).switched, true);
});

it("a rebuild of which nobody knows how far behind it is has not caught up", async (t) => {
  const asked: string[] = [];
  const building = (lag: number | null) => ({
    status: 200,
    body: { state: "BUILDING", generation: 2, lag, runner: RUNNING },
  });
  const gateway = await fakeGateway(t, ({ method, body }) => {
    asked.push(method === "GET" ? "status" : body.action);
    if (method === "GET") return building(asked.length > 3 ? 0 : null);
    if (body.action === "start") return building(null);
    if (body.action === "compare") return { status: 200, body: { sameMarks: true, behind: 0, tables: [] } };
    if (body.action === "switch") return { status: 200, body: { republished: 0 } };
    return { status: 200, body: { state: "ENDED", generation: 2, lag: 0, runner: null } };
  });
  const args = ["rebuild", "portfolio", "positions", "--yes", "--json", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [code] = await once(child, "exit");
  assert.deepEqual(asked, ["status", "start", "status", "status", "compare", "switch", "drop"]);
  assert.equal(code, EXIT.ok);
});

it("without a terminal and without --yes nothing begins", async (t) => {
  const asked: string[] = [];
  const gateway = await fakeGateway(t, ({ method }) => {
    asked.push(method);
    return { status: 200, body: { state: "NONE", generation: 1, lag: 0, runner: null } };
  });
  const args = ["rebuild", "portfolio", "positions", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "inherit", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const [told, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.deepEqual([code, asked], [EXIT.usage, []]);
  assert.match(told, /nothing was done; --yes/);
});

it("a rebuild that somebody else has switched meanwhile says so at once, and one that is behind is asked again", async (t) => {
  const asked: string[] = [];
  const isSwitched = () => asked.filter((action) => action === "switch").length === 2;
  const gateway = await fakeGateway(t, ({ method, body }) => {
    if (method === "POST") asked.push(body.action);
    if (body?.action === "compare") return { status: 200, body: { sameMarks: true, behind: 0, tables: [] } };
    if (body?.action === "switch") return problemAnswer(409, isSwitched() ? "conflict" : "rebuild_behind");
    const state = isSwitched() ? "SWITCHED" : "BUILDING";
    return { status: 200, body: { state, generation: 2, lag: 0, runner: RUNNING } };
  });
  const args = ["rebuild", "portfolio", "positions", "--yes", "--url", gateway.url, "--key", "k"];
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const [told, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  assert.deepEqual(asked, ["start", "compare", "switch", "switch"]);
  assert.equal(code, EXIT.refused);
  assert.match(told, /Somebody else was faster\. positions, generation 2: switched/);
});
