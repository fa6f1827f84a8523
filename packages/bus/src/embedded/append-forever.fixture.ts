import { BusError } from "../bus-error.ts";
import { record } from "../conformance-suite.ts";
import { type EmbeddedBus, embeddedBus } from "./embedded-bus.ts";

/** Started by tests as another process: owns a folder, appends numbered records, says each number once acknowledged. */
const bus = open(process.argv[2] ?? "");
if (bus !== undefined) {
  process.stdout.write("owner\n");
  await bus.ensureTopics([{ name: "t", partitions: 1, retentionMs: -1 }]);
  for (let number = 0; ; number++) {
    await bus.send([{ topic: "t", partition: 0, records: [record(String(number))] }]);
    process.stdout.write(`${number}\n`);
  }
}

function open(folder: string): EmbeddedBus | undefined {
  try {
    return embeddedBus({ folder });
  } catch (error) {
    if (!(error instanceof BusError)) throw error;
    process.stdout.write(`${error.code} ${error.message}\n`);
    return undefined;
  }
}
