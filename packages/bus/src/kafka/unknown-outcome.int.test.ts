import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { BusError } from "../bus-error.ts";
import { record, values } from "../conformance-suite.ts";
import { kafkaSkip, privateKafka } from "../testing.ts";
import { kafkaBus } from "./kafka-bus.ts";

const skip = await kafkaSkip(process.env, "own");
const PRODUCE = 0;

/** Stands between client and broker, and cuts the connection when it is told to, once a Produce has gone through. */
interface Wire {
  readonly port: number;
  brokerPort: number;
  cutAfterProduce: boolean;
  close(): void;
}

async function wire(): Promise<Wire> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const broker = connect(state.brokerPort, "127.0.0.1");
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        client.destroy();
        broker.destroy();
      });
    }
    let cutting = false;
    client.on("data", (bytes: Buffer) => {
      // Requests come one at a time: the first bytes are the length, then the kind of the request.
      if (state.cutAfterProduce && bytes.length > 6 && bytes.readInt16BE(4) === PRODUCE) {
        state.cutAfterProduce = false;
        cutting = true;
      }
      broker.write(bytes);
    });
    // The broker's answer means that it has written: it is withheld, as when a cable is cut at that moment.
    broker.on("data", (bytes) => (cutting ? client.destroy() : client.write(bytes)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const state: Wire = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    brokerPort: 0,
    cutAfterProduce: false,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return state;
}

test("a send whose answer is lost is rejected as unknown, with what waits behind it, and order is kept", {
  skip: skip ?? false,
  timeout: 180_000,
}, async () => {
  const between = await wire();
  const kafka = await privateKafka(process.env, {
    advertisedPort: between.port,
  });
  between.brokerPort = Number(kafka.bootstrapServers.split(":")[1]);
  const bus = kafkaBus({ bootstrapServers: `127.0.0.1:${between.port}`, clientId: "test" });
  try {
    await bus.ensureTopics([{ name: "t", partitions: 2, retentionMs: -1 }]);
    const send = (value: string, partition = 0) =>
      bus.send([{ topic: "t", partition, records: [record(value)] }]);
    await send("before");
    between.cutAfterProduce = true;
    const first = send("lost answer");
    await new Promise((resolve) => setImmediate(resolve));
    const second = send("behind it");
    for (const each of await Promise.allSettled([first, second])) {
      assert.equal(each.status, "rejected");
      assert.ok(each.reason instanceof BusError && each.reason.code === "bus_outcome_unknown");
    }
    await send("after");
    assert.deepEqual(values(await bus.tail("t", 0, 10)), ["before", "lost answer", "after"]);
  } finally {
    await bus.close();
    await kafka.remove();
    between.close();
  }
});
