import { SERVICE_NAMES, type ServiceName } from "@bourse/contracts";
import { PLATFORM } from "../fleet/fleet.ts";
import type { Fault } from "./fault.ts";
import { busDiskFull, postgresDiskFull } from "./full-disks.ts";
import { pauseAndReplace, scaleOut, twoMatching } from "./instances.ts";
import { kill, killMidAppend, restartLoop } from "./kills.ts";
import { loseEnds } from "./lost-ends.ts";
import { lossToKafka, lossToPostgres, lossToService } from "./one-way.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { kafkaFaults, pausePlatform, postgresFaults } from "./servers.ts";

/** Services whose death the path of an order does not feel at once. */
const ASIDE: ReadonlySet<ServiceName> = new Set(["matching", "portfolio", "market-data", "reference-data"]);

/** Every fault on every bus where it can be. */
export const MATRIX: readonly Fault[] = [
  kill(PLATFORM),
  restartLoop(PLATFORM),
  killMidAppend,
  pausePlatform,
  ...postgresFaults("embedded"),
  postgresDiskFull("embedded"),
  busDiskFull,
  ...lossToPostgres("embedded", PLATFORM),

  ...SERVICE_NAMES.map((name) => kill(name, { worksDuring: ASIDE.has(name) })),
  ...(["order", "wallet", "matching", "risk"] as const).map(restartLoop),
  ...(["order", "wallet", "risk", "matching", "portfolio"] as const).map(pauseAndReplace),
  twoMatching,
  ...(["order", "wallet"] as const).map(scaleOut),
  rollingRestart,
  ...postgresFaults("kafka"),
  postgresDiskFull("kafka"),
  ...kafkaFaults,
  loseEnds,
  ...(["order", "wallet"] as const).flatMap((name) => lossToPostgres("kafka", name)),
  ...(["order", "matching", "wallet"] as const).flatMap(lossToKafka),
  ...lossToService("order", "wallet"),
  ...lossToService("gateway", "order"),
];
