import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { choosePorts } from "./choose-ports.ts";

async function listening(t: TestContext, port: number): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("chosen ports", () => {
  it("differ, from each other and from all that were chosen before", async () => {
    const chosen = [...(await choosePorts(20)), ...(await choosePorts(20))];
    assert.equal(new Set(chosen).size, 40);
  });

  it("can be listened on, and are below those that systems give to connections", async (t) => {
    const [port = 0] = await choosePorts(1);
    assert.equal(await listening(t, port), port);
    assert.ok(port >= 20_000 && port < 32_768, String(port));
  });

  it("are those that are wanted, as often as they are, but for one that somebody listens on", async (t) => {
    const [first = 0, second = 0] = await choosePorts(2);
    assert.deepEqual(await choosePorts(2, [first, second]), [first, second]);
    await listening(t, first);
    const [other, same] = await choosePorts(2, [first, second]);
    assert.notEqual(other, first);
    assert.equal(same, second);
  });

  it("differ also where the same one is wanted twice", async () => {
    const [wanted] = await choosePorts(1);
    const [first, second] = await choosePorts(2, [wanted, wanted]);
    assert.equal(first, wanted);
    assert.notEqual(second, wanted);
  });

  it("are no other process's before it ends, even if it is killed and has never listened", async (t) => {
    const other = fork(fileURLToPath(new URL("./chooser.fixture.ts", import.meta.url)));
    t.after(() => other.kill("SIGKILL"));
    const [[port]] = (await once(other, "message")) as [[number]];
    const [instead] = await choosePorts(1, [port]);
    assert.notEqual(instead, port);
    other.kill("SIGKILL");
    await once(other, "exit");
    assert.deepEqual(await choosePorts(1, [port]), [port]);
  });
});
