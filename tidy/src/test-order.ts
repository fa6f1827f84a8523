import { type Suite, suiteOf } from "./test-files.ts";

/** Runs one file after the other: those of the suite that it names first while there are any, then of the next. */
export type Lane = readonly Suite[];

/**
 * Tests with servers wait for a good part of their time: three at once leave room for one without. The others are as
 * fast as the processors: two at once.
 */
export const LANES: readonly Lane[] = [
  ["crash", "secure", "int", "unit"],
  ["crash", "secure", "int"],
  ["int"],
  ["unit"],
];

/** Those that take half a minute and more, the longest first: one that is begun last would be waited for alone. */
export const LONG_FILES: readonly string[] = [
  "apps/cli/src/replay/replay.int.test.ts",
  "apps/cli/src/operations.int.test.ts",
  "apps/cli/src/up.int.test.ts",
  "chaos/src/stream/stream-chaos.int.test.ts",
  "apps/cli/src/process.int.test.ts",
  "apps/cli/src/up-kafka.int.test.ts",
  "apps/cli/src/commands.int.test.ts",
  "platform/src/alarms.int.test.ts",
  "apps/console/src/console-kafka.int.test.ts",
  "chaos/src/embedded-kill.int.test.ts",
  "apps/cli/src/up-refused.int.test.ts",
  "packages/bus/src/kafka/kafka-bus.int.test.ts",
  "packages/store/src/local-postgres/start-postgres.int.test.ts",
  "chaos/src/stream/stream-oracle.int.test.ts",
  "platform/src/recover-service.int.test.ts",
  "apps/cli/src/orders.int.test.ts",
  "apps/cli/src/produce/produce.int.test.ts",
  "sim/src/mutations/mutations.test.ts",
  "packages/engine/src/planted-bugs.test.ts",
  "sim/src/crash/crash-points.test.ts",
  "tidy/src/check.test.ts",
  "sim/src/days/random-days.test.ts",
  "apps/cli/src/program.test.ts",
  "tidy/src/toolchain/programs.test.ts",
];

export function inRunningOrder(files: readonly string[]): readonly string[] {
  const others = files.filter((file) => !LONG_FILES.includes(file));
  return [...LONG_FILES.filter((file) => files.includes(file)), ...others];
}

/** Takes the next file of a lane out of those that wait. */
export function takeNext(waiting: string[], lane: Lane): string | undefined {
  for (const suite of lane) {
    const at = waiting.findIndex((file) => suiteOf(file) === suite);
    if (at >= 0) return waiting.splice(at, 1)[0];
  }
  return undefined;
}
