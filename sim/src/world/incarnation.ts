import {
  type AnyServiceDefinition,
  createDirectory,
  createLogger,
  type PlatformDirectory,
  type RouteAnswer,
  type RunningService,
  type Runtime,
  runService,
} from "@bourse/host";
import { schemaOfService } from "@bourse/store";
import { MemoryBus } from "../bus/memory-bus.ts";
import type { Mutation } from "../mutations/mutation.ts";
import { CrashGate, type FaultPlan } from "../ports/crash-gate.ts";
import { gatedBus } from "../ports/gated-bus.ts";
import { gatedDirectory } from "../ports/gated-directory.ts";
import { gatedSnapshots } from "../ports/gated-snapshots.ts";
import { gatedStore, Session } from "../ports/gated-store.ts";
import { type Fleet, fleetDirectory } from "./fleet-directory.ts";
import { OwnTimers } from "./own-timers.ts";
import { type ClientRequest, serveRequest } from "./serve-request.ts";
import type { World } from "./world.ts";

export const OPERATOR_KEY = `bk_${"a".repeat(40)}`;
const TOKEN = "token between services";

/** One life of the process that runs the whole platform. */
export interface Incarnation {
  readonly gate: CrashGate;
  /** How others reach the services of this process. */
  readonly directory: PlatformDirectory;
  readonly services: ReadonlyMap<string, RunningService>;
  /** A request at the public door. Never settles once the process is dead. */
  request(request: ClientRequest): Promise<RouteAnswer>;
  /** What is left to send or to consume. */
  busy(): Promise<readonly string[]>;
}

interface BootOptions {
  readonly world: World;
  readonly plan: FaultPlan;
  readonly definitions: readonly AnyServiceDefinition[];
  readonly mutation: Mutation | null;
  /** How far its clock is ahead. */
  readonly aheadMs: number;
  /** The processes that run side by side. */
  readonly fleet: Fleet;
}

/** A process from its first moment on. */
export interface Process {
  readonly gate: CrashGate;
  /** Rejects when a service refuses to start, and never settles where the process dies on the way. */
  readonly booted: Promise<Incarnation>;
  /** It does nothing for so long, and does not know it (SIGSTOP, SIGCONT). */
  pause(forMs: number): void;
}

/** As `idle_in_transaction_session_timeout` of the store's sessions (R5). */
const IDLE_IN_TRANSACTION_MS = 2_000;
/** As the session of a member of a group on Kafka. */
const GROUP_SESSION_MS = 10_000;
/** A member learns at its next heartbeat that its group gave it up. */
const HEARTBEAT_MS = 1_000;

/** Boots every service on what the world has kept. */
export function bootPlatform({ world, plan, definitions, mutation, aheadMs, fleet }: BootOptions): Process {
  const session = new Session(world.database, world.turns);
  const timers = new OwnTimers(world.time.timer);
  const memory = new MemoryBus(world.log, world.time.timer, world.groups);
  const gate = new CrashGate(plan, timers, () => {
    session.end();
    timers.end();
    void memory.close();
    world.log.forgetParsed();
  });
  const local = createDirectory({
    definitions,
    urlOf: () => "http://nowhere",
    internalToken: TOKEN,
    timer: timers,
  });
  const log = createLogger({ level: process.env.SIM_LOG ?? "silent" });
  const bus = gatedBus(memory, gate);
  const snapshots = gatedSnapshots(world.snapshots, gate);
  const shared: Omit<Runtime, "openStore" | "bus"> = {
    clock: { nowMs: () => world.time.clock.nowMs() + world.skewMs + aheadMs },
    timer: timers,
    newId: () => world.newId(),
    env: { LOG_LEVEL: process.env.SIM_LOG ?? "silent", BOURSE_OPERATOR_KEY: OPERATOR_KEY },
    migrate: async () => undefined,
    directory: gatedDirectory(fleetDirectory({ local, fleet, gate, timers }), gate),
    dataFolder: "/sim",
    secret: "secret",
    internalToken: TOKEN,
    log,
    validateEvents: true,
    listen: null,
    openSnapshots: mutation?.snapshots?.(snapshots) ?? snapshots,
  };
  const boot = async (): Promise<Incarnation> => {
    const services = new Map<string, RunningService>();
    // In one order, so that a boot makes the same calls in the same order each time.
    for (const definition of definitions) {
      const { name } = definition;
      const store = gatedStore({ service: name, schema: schemaOfService(name), session, gate });
      const runtime: Runtime = {
        ...shared,
        bus: mutation?.bus?.(bus, name, timers) ?? bus,
        openStore: () => mutation?.store?.(store, name, timers) ?? store,
        instanceId: world.newId(),
      };
      services.set(name, await gate.through(() => runService(definition, runtime)));
    }
    return {
      gate,
      directory: local,
      services,
      request: (request) => gate.through(() => serveRequest(services, request)),
      busy: () => busyServices(services, gate),
    };
  };
  const pause = (forMs: number): void => {
    if (gate.isStopped || !gate.alive) return;
    gate.stop();
    timers.stop();
    session.stop();
    const { timer } = world.time;
    timer.after(Math.min(forMs, IDLE_IN_TRANSACTION_MS), () => {
      if (forMs > IDLE_IN_TRANSACTION_MS && gate.alive) session.cut();
    });
    timer.after(Math.min(forMs, GROUP_SESSION_MS), () => {
      if (forMs > GROUP_SESSION_MS && gate.alive) memory.evict();
    });
    timer.after(forMs, () => {
      if (!gate.alive) return;
      gate.goOn();
      timers.goOn();
      session.goOn();
      timers.after(world.random.below(HEARTBEAT_MS), () => memory.rejoin());
    });
  };
  return { gate, booted: boot(), pause };
}

async function busyServices(
  services: ReadonlyMap<string, RunningService>,
  gate: CrashGate,
): Promise<readonly string[]> {
  const busy: string[] = [];
  for (const [name, service] of services) {
    const { reasons } = await gate.through(() => service.quiet());
    busy.push(...reasons.map((reason) => `${name}: ${reason}`));
  }
  return busy;
}
