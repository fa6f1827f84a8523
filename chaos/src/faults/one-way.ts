import type { ServiceName } from "@bourse/contracts";
import type { BusKind, ProcessName } from "../fleet/fleet.ts";
import type { Direction, TcpProxy } from "../proxy/tcp-proxy.ts";
import { type Fault, mustHave, type Stage } from "./fault.ts";

const LOSS_MS = 12_000;
const DIRECTIONS: readonly Direction[] = ["to-server", "to-client"];

/** A service and PostgreSQL: requests vanish, or answers do. */
export const lossToPostgres = (bus: BusKind, name: ProcessName): readonly Fault[] =>
  DIRECTIONS.map((direction) => ({
    name: `one-way ${name} ${arrow(direction)} postgres`,
    bus,
    run: (stage) => lose(stage, stage.fleet.database(name), direction),
  }));

/** A service and the broker: of all the connections to it only those of this service. */
export const lossToKafka = (name: ServiceName): readonly Fault[] =>
  DIRECTIONS.map((direction) => ({
    name: `one-way ${name} ${arrow(direction)} kafka`,
    bus: "kafka",
    run: (stage) =>
      lose(stage, stage.fleet.broker, direction, (label) => label.startsWith(`bourse-${name}-`)),
  }));

/** Everyone's connections to a service. */
export const lossToService = (caller: ServiceName, name: ServiceName): readonly Fault[] =>
  DIRECTIONS.map((direction) => ({
    name: `one-way ${caller} ${arrow(direction)} ${name}`,
    bus: "kafka",
    run: (stage) => lose(stage, stage.fleet.front(name), direction),
  }));

async function lose(
  stage: Stage,
  wire: TcpProxy,
  direction: Direction,
  of?: (label: string) => boolean,
): Promise<void> {
  const before = wire.swallowedBytes;
  wire.lose({ direction, ...(of === undefined ? {} : { of }) });
  while (wire.swallowedBytes === before) await stage.hold(5);
  stage.fired(`bytes ${direction} vanish`);
  await stage.hold(LOSS_MS);
  const lost = wire.swallowedBytes - before;
  mustHave(lost > 0, "nothing was lost");
  stage.note(`${lost} bytes vanished`);
  // Streams that have lost bytes stay open and dumb: whoever uses them must give them up.
  await stage.healed(() => wire.endLoss());
}

/** `->`: what the first says does not arrive; `<-`: what it is answered does not. */
function arrow(direction: Direction): string {
  return direction === "to-server" ? "->" : "<-";
}
