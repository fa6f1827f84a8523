import type { AnyServiceDefinition, RouteAnswer } from "@bourse/host";
import type { Mutation } from "../mutations/mutation.ts";
import type { FaultPlan, PortCall } from "../ports/crash-gate.ts";
import { bootPlatform, type Incarnation } from "./incarnation.ts";
import type { ClientRequest } from "./serve-request.ts";
import type { World } from "./world.ts";

const DRAIN_MS = 15_000;

/** The connection ended without an answer: the client can't know what became of its request. */
export class CutConnection extends Error {
  override readonly name = "CutConnection";
}

/** Keeps one process of the platform up: whenever it dies, another one is booted on what the world has kept. */
export class Supervisor {
  readonly world: World;
  readonly plan: FaultPlan;
  readonly #definitions: readonly AnyServiceDefinition[];
  readonly #mutation: Mutation | null;
  #current: Promise<Incarnation>;
  /** How often it was booted. */
  boots = 0;
  #stopped = false;

  constructor(
    world: World,
    plan: FaultPlan,
    definitions: readonly AnyServiceDefinition[],
    mutation: Mutation | null = null,
  ) {
    this.world = world;
    this.plan = plan;
    this.#definitions = definitions;
    this.#mutation = mutation;
    this.#current = this.#boot();
  }

  /** The process that is up, or the one that is being booted. Rejects when the platform refuses to start. */
  up(): Promise<Incarnation> {
    return this.#current;
  }

  /** A request at the public door. Rejects with {@link CutConnection} where the answer is lost, or the process. */
  async request(request: ClientRequest): Promise<RouteAnswer> {
    const incarnation = await this.#current;
    const cut = (): CutConnection => new CutConnection("the connection was cut");
    const call: PortCall = {
      port: "client",
      what: `${request.method} ${request.path.replace(/[0-9a-f]{32}/g, ":id")}`,
      writes: request.method !== "GET",
      lost: cut,
      refused: cut,
    };
    return await Promise.race([
      incarnation.gate.pass(call, () => incarnation.request(request)),
      incarnation.gate.died.then((): never => {
        throw cut();
      }),
    ]);
  }

  /** Ends the services in order, doors first, as a platform that is told to stop. */
  async drain(): Promise<void> {
    const { services } = await this.#current;
    for (const service of [...services.values()].reverse()) await service.drain(DRAIN_MS);
  }

  /** The process ends in order, and another one follows it. */
  async restart(): Promise<void> {
    const { gate } = await this.#current;
    await Promise.race([this.drain(), gate.died]);
    gate.die();
  }

  /** The process dies and none follows it. */
  stop(): void {
    this.#stopped = true;
    this.#killCurrent?.();
  }

  #killCurrent: (() => void) | undefined;

  #boot(): Promise<Incarnation> {
    this.boots += 1;
    const { booted, gate } = bootPlatform({
      world: this.world,
      plan: this.plan,
      definitions: this.#definitions,
      mutation: this.#mutation,
    });
    this.#killCurrent = () => gate.die();
    const next = gate.died.then((): Promise<Incarnation> => {
      if (this.#stopped) return new Promise(() => undefined);
      this.#current = this.#boot();
      return this.#current;
    });
    // Whoever waits for this boot gets the next one where this one dies on the way.
    const current = Promise.race([booted, next]);
    current.catch(() => undefined);
    return current;
  }
}
