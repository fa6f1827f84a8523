import { Reader, Writer } from "@platformatic/kafka";

for (const v of [1n, 1000n, 2n ** 31n, 2n ** 32n, 2n ** 40n, 1700000000000n - 1n, -5n, -(2n ** 40n)]) {
  const w = Writer.create().appendVarInt64(v);
  const b = w.buffer;
  const r = Reader.from(b);
  console.log(v, b.toString("hex"), r.readVarInt64());
}
for (const v of [1, 1000, 2 ** 30, -5]) {
  const w = Writer.create().appendVarInt(v);
  console.log(v, Reader.from(w.buffer).readVarInt());
}
