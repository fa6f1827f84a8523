import { kafkaBus, type OutgoingRecord } from "@bourse/bus";
import { encodeTradeReported, generatorProducer, rfc3339, STREAM_SYMBOLS, tradeStream } from "@bourse/contracts";
import { partitionOf } from "@bourse/bus";
import { seededRandom } from "@bourse/base";

const [, , bootstrapServers = "", prefix = "sim.", count = "1000000", clients = "1000", rate = "0"] = process.argv;
const bus = kafkaBus({ bootstrapServers, clientId: "bench-producer" });
const topic = tradeStream(prefix);
await bus.ensureTopics([topic, { ...topic, name: `dead-letter-${topic.name}`, partitions: 1 }]);
const random = seededRandom(7);
const total = Number(count);
const run = `b${Date.now().toString(36)}`;
const producer = generatorProducer(run);
const sequences = new Int32Array(topic.partitions);
const names = Array.from({ length: Number(clients) }, (_, n) => `C${String(n).padStart(5, "0")}`);
const parts = names.map((name) => partitionOf(name, topic.partitions));
const started = performance.now();
const BATCH = 6_000;
let inFlight: Promise<unknown>[] = [];
for (let sent = 0; sent < total; ) {
  const n = Math.min(rate === "0" ? BATCH : Math.ceil(Number(rate) / 100), total - sent);
  const batches: OutgoingRecord[][] = Array.from({ length: topic.partitions }, () => []);
  const nowMs = Date.now();
  const timestamp = rfc3339(nowMs);
  for (let i = 0; i < n; i++) {
    const c = Math.floor(random.next() ** 2 * names.length);
    const partition = parts[c] ?? 0;
    const sequence = (sequences[partition] = (sequences[partition] ?? 0) + 1);
    const cents = 10_000 + Math.floor(random.next() * 5_000);
    const value = encodeTradeReported({
      eventType: "TradeReported",
      timestamp,
      tradeId: `${run}-${sent + i}`,
      clientId: names[c] ?? "",
      symbol: STREAM_SYMBOLS[Math.floor(random.next() ** 2 * 8)] ?? "AAPL",
      side: random.next() < 0.5 ? "BUY" : "SELL",
      quantity: String(1 + Math.floor(random.next() * 500)),
      price: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, "0")}`,
      fee: "0.12",
    });
    batches[partition]?.push({
      key: names[c] ?? "",
      value,
      headers: { id: `${topic.name}/${partition}/1/${sequence}`, producer, epoch: "1", sequence: String(sequence), "event-version": "1" },
      timestampMs: nowMs,
    });
  }
  const sending = bus.send(batches.flatMap((records, partition) => (records.length === 0 ? [] : [{ topic: topic.name, partition, records }])));
  inFlight.push(sending);
  if (inFlight.length >= 3) await inFlight.shift();
  sent += n;
  if (rate !== "0") {
    const due = (sent / Number(rate)) * 1_000 - (performance.now() - started);
    if (due > 1) await new Promise((r) => setTimeout(r, due));
  }
}
await Promise.all(inFlight);
console.log(JSON.stringify({ total, perSecond: Math.round(total / ((performance.now() - started) / 1000)) }));
await bus.close();
