import { STREAM_PREFIX, type TradeStream, tradeStream, tradeStreamNamed } from "@bourse/contracts";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-codes.ts";

/**
 * Which topic a generator writes: `--topic-prefix` before KAFKA_TOPIC or `trade-events`. A topic without a prefix is a
 * running platform's and is refused (R2).
 */
export function streamTopic(given: {
  readonly prefix: string | undefined;
  readonly topic: string | undefined;
}): TradeStream {
  const { prefix, topic } = given;
  if (prefix !== undefined && !STREAM_PREFIX.test(prefix))
    throw new CliError(
      EXIT.usage,
      `topic-prefix: "${prefix}" -> a lower-case word with a dot behind it, such as sim. (unprefixed topics are the platform's own)`,
    );
  if (topic === undefined) return tradeStream(prefix ?? "sim.");
  const name = prefix === undefined || topic.startsWith(prefix) ? topic : prefix + topic;
  const stream = tradeStreamNamed(name);
  if (stream !== null) return stream;
  throw new CliError(
    EXIT.usage,
    `KAFKA_TOPIC: "${topic}" -> a name with a generator's prefix, such as sim.${topic.replace(/[^A-Za-z0-9_-].*/, "") || "trade-events"}: without one it is the platform's own topic (R2)`,
  );
}
