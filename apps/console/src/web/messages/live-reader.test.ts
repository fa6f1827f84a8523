import assert from "node:assert/strict";
import { test } from "node:test";
import { bourseClient } from "@bourse/sdk";
import { LiveReader } from "./live-reader.ts";

/** A gateway of one topic with two partitions, of which one may fail. `since`: what comes after the ends were asked for. */
function gateway() {
  const state = { latest: "0", since: 0, fails: new Set<string>(), error: null as string | null };
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const partition = searchParams.get("partition") ?? "";
    if (state.fails.has(partition))
      return Response.json({ code: "bus_unavailable", detail: "" }, { status: 503 });
    if (pathname.endsWith("/topics")) {
      const partitions = [0, 1].map((each) => ({ partition: each, earliest: "0", latest: state.latest }));
      const { error } = state;
      return Response.json({ topics: [{ name: "t", partitions: error === null ? partitions : [], error }] });
    }
    const from = Number(searchParams.get("from"));
    const nextOffset = Math.min(from + Number(searchParams.get("limit")), Number(state.latest) + state.since);
    const records = Array.from({ length: nextOffset - from }, (_, n) => ({
      partition: Number(partition),
      offset: `${from + n}`,
    }));
    return Response.json({ records, nextOffset: `${nextOffset}` });
  };
  return { state, client: bourseClient({ url: "http://gateway", fetch }) };
}

test("what has come of one partition is told although another can't be read, and each message once", async () => {
  const { state, client } = gateway();
  const reader = new LiveReader(client, "t", { limit: 10 });
  const told: string[] = [];
  const look = (): Promise<void> =>
    reader.look(new AbortController().signal, (messages) => {
      told.push(...messages.map(({ partition, offset }) => `${partition}/${offset}`));
    });
  await look();
  assert.deepEqual(told, [], "what was there before is not live");
  state.latest = "1";
  state.fails.add("1");
  await assert.rejects(look(), { name: "ProblemError" });
  state.fails.clear();
  await look();
  await look();
  assert.deepEqual(told, ["0/0", "1/0"]);
});

test("where the first look finds a topic that can't be asked, what is there is not live at the next one", async () => {
  const { state, client } = gateway();
  const reader = new LiveReader(client, "t", { limit: 10 });
  const told: string[] = [];
  const look = (): Promise<void> =>
    reader.look(new AbortController().signal, (messages) => {
      told.push(...messages.map(({ partition, offset }) => `${partition}/${offset}`));
    });
  state.latest = "7";
  state.error = "t/1 has no leader";
  await assert.rejects(look(), /t\/1 has no leader/);
  state.error = null;
  await look();
  state.latest = "8";
  await look();
  assert.deepEqual(told, ["0/7", "1/7"]);
});

test("where more comes than is read, it goes on with what is new, and tells how much it has passed over", async () => {
  const { state, client } = gateway();
  const reader = new LiveReader(client, "t", { limit: 10, partition: 0 });
  const told: string[] = [];
  const look = (): Promise<void> =>
    reader.look(new AbortController().signal, (messages) => {
      told.push(...messages.map(({ offset }) => offset));
    });
  await look();
  state.latest = "60000";
  await look();
  assert.deepEqual([told.length, reader.passedOver], [1_000, 59_000]);
  state.latest = "60001";
  await look();
  assert.deepEqual([told.at(-1), reader.passedOver], ["60000", 59_000]);
  state.latest = "60002";
  state.since = 5_000;
  await look();
  await look();
  assert.deepEqual([told.at(-1), reader.passedOver], ["61000", 59_000], "read beyond the end that it knew");
});
