import type { Timer } from "@bourse/base";
import {
  type AnyServiceDefinition,
  createDirectory,
  createLogger,
  type RouteAnswer,
  type RunningService,
  runService,
} from "@bourse/host";
import { schemaOfService } from "@bourse/store";
import { MemoryBus } from "../bus/memory-bus.ts";
import { CrashGate, type CrashPlan } from "../ports/crash-gate.ts";
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
  /** Whether nothing is left to send or to consume, twice in a row. */
  busy(): Promise<readonly string[]>;
}

/** Boots every service on what the world has kept. Rejects when one refuses to start; never settles once it died. */
export async function bootPlatform(
  world: World,
  plan: CrashPlan,
  definitions: readonly AnyServiceDefinition[],
): Promise<Incarnation> {
  const session = new Session(world.database);
  const timers = new OwnTimers(world.time.timer);
  const memory = new MemoryBus(world.log, world.time.timer);
  const gate = new CrashGate(plan, () => {
    session.rollback();
    timers.stop();
    void memory.close();
  });
  const clock = { nowMs: () => world.time.clock.nowMs() };
  const directory = gatedDirectory(
    createDirectory({ definitions, urlOf: () => "http://nowhere", internalToken: TOKEN, timer: timers }),
    gate,
  );
  const services = new Map<string, RunningService>();
  // In one order, so that a boot makes the same calls in the same order each time.
  for (const definition of definitions) {
    const { name } = definition;
    const schema = schemaOfService(name);
    const running = await gate.through(() =>
      runService(definition, {
        clock,
        timer: timers,
        newId: () => world.newId(),
        env: { LOG_LEVEL: process.env.SIM_LOG ?? "silent", BOURSE_OPERATOR_KEY: OPERATOR_KEY },
        bus: gatedBus(memory, gate),
        migrate: async () => undefined,
        openStore: () => gatedStore({ service: name, schema, session, gate }),
        directory,
        dataFolder: "/sim",
        secret: "secret",
        internalToken: TOKEN,
        log: createLogger({ level: process.env.SIM_LOG ?? "silent" }),
        instanceId: world.newId(),
        validateEvents: true,
        listen: null,
        openSnapshots: gatedSnapshots(world.snapshots, gate),
      }),
    );
    services.set(name, running);
  }
  return {
    gate,
    services,
    request: (request) => gate.through(() => serveRequest(services, request)),
    busy: async () => {
      const reasons: string[] = [];
      for (const [name, service] of services) {
        const { quiet, reasons: why } = await gate.through(() => service.quiet());
        if (!quiet) reasons.push(...why.map((reason) => `${name}: ${reason}`));
      }
      return reasons;
    },
  };
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
