import type { Timer } from "@bourse/base";
import {
  type AnyServiceDefinition,
  createDirectory,
  createLogger,
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
import { type ClientRequest, serveRequest } from "./serve-request.ts";
import type { World } from "./world.ts";

export const OPERATOR_KEY = `bk_${"a".repeat(40)}`;
const TOKEN = "token between services";

/** One life of the process that runs the whole platform. */
export interface Incarnation {
  readonly gate: CrashGate;
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
}

/**
 * Boots every service on what the world has kept. `booted` rejects when one refuses to start, and never settles where
 * the process dies on the way.
 */
export function bootPlatform({ world, plan, definitions, mutation }: BootOptions): {
  readonly gate: CrashGate;
  readonly booted: Promise<Incarnation>;
} {
  const session = new Session(world.database);
  const timers = new OwnTimers(world.time.timer);
  const memory = new MemoryBus(world.log, world.time.timer);
  const gate = new CrashGate(plan, timers, () => {
    session.rollback();
    timers.stop();
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
    clock: { nowMs: () => world.time.clock.nowMs() + world.skewMs },
    timer: timers,
    newId: () => world.newId(),
    env: { LOG_LEVEL: process.env.SIM_LOG ?? "silent", BOURSE_OPERATOR_KEY: OPERATOR_KEY },
    migrate: async () => undefined,
    directory: gatedDirectory(local, gate),
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
      services,
      request: (request) => gate.through(() => serveRequest(services, request)),
      busy: () => busyServices(services, gate),
    };
  };
  return { gate, booted: boot() };
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

/** The timers of one process: they end with it. */
class OwnTimers implements Timer {
  readonly #timer: Timer;
  readonly #cancels = new Set<() => void>();
  #stopped = false;

  constructor(timer: Timer) {
    this.#timer = timer;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  after(delayMs: number, callback: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const end = (): void => {
      cancel();
      this.#cancels.delete(end);
    };
    const cancel = this.#timer.after(delayMs, () => {
      this.#cancels.delete(end);
      callback();
    });
    this.#cancels.add(end);
    return end;
  }

  every(intervalMs: number, callback: () => void): () => void {
    if (this.#stopped) return () => undefined;
    const cancel = this.#timer.every(intervalMs, callback);
    this.#cancels.add(cancel);
    return () => {
      cancel();
      this.#cancels.delete(cancel);
    };
  }

  sleep(delayMs: number, signal?: Parameters<Timer["sleep"]>[1]): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const cancel = this.after(delayMs, resolve);
      signal?.addEventListener("abort", () => {
        cancel();
        resolve();
      });
    });
  }
}
