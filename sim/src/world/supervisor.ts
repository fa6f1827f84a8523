import type { AnyServiceDefinition, RouteAnswer } from "@bourse/host";
import type { Mutation } from "../mutations/mutation.ts";
import type { FaultPlan, PortCall } from "../ports/crash-gate.ts";
import { bootPlatform, type Incarnation, type Process } from "./incarnation.ts";
import type { ClientRequest } from "./serve-request.ts";
import type { World } from "./world.ts";

const DRAIN_MS = 15_000;

/** The connection ended without an answer: the client can't know what became of its request. */
export class CutConnection extends Error {
  override readonly name = "CutConnection";
}

/** How long a client waits for an answer, where others are there that it could ask. */
const CLIENT_TIMEOUT_MS = 20_000;

/** A process and those that follow it. */
interface Place {
  readonly aheadMs: number;
  /** The process that is up, or the one that is being booted. */
  current: Promise<Incarnation>;
  process: Process;
  /** null while it boots or ends: nobody is led to it. */
  ready: Incarnation | null;
}

export interface SupervisorOptions {
  /** A rule that is broken on purpose. */
  readonly mutation?: Mutation | null;
  readonly processes?: number;
  /** How far the clock of each process is ahead of that of the one before it. */
  readonly clocksApartMs?: number;
}

/** Keeps the processes of the platform up: whenever one dies, another one is booted on what the world has kept. */
export class Supervisor {
  readonly world: World;
  readonly plan: FaultPlan;
  readonly #definitions: readonly AnyServiceDefinition[];
  readonly #mutation: Mutation | null;
  readonly #places: Place[] = [];
  /** How often one was booted. */
  boots = 0;
  #stopped = false;

  /** Of several processes each runs all services: the bus shares the partitions, and any takes any request. */
  constructor(
    world: World,
    plan: FaultPlan,
    definitions: readonly AnyServiceDefinition[],
    { mutation = null, processes = 1, clocksApartMs = 0 }: SupervisorOptions = {},
  ) {
    this.world = world;
    this.plan = plan;
    this.#definitions = definitions;
    this.#mutation = mutation;
    for (let nth = 0; nth < processes; nth++) this.#places.push(this.#boot(nth * clocksApartMs));
  }

  /** The first of the processes; the next one there where it is being booted. Rejects when it refuses to start. */
  up(): Promise<Incarnation> {
    return this.#place(0).current;
  }

  /** All processes, once all are up. */
  all(): Promise<readonly Incarnation[]> {
    return Promise.all(this.#places.map(({ current }) => current));
  }

  get isFleet(): boolean {
    return this.#places.length > 1;
  }

  /** What is left to send or to consume in the first of them where something is. */
  async busy(): Promise<readonly string[]> {
    for (const { busy, gate } of await this.all()) {
      const reasons = await Promise.race([busy(), gate.died.then(() => ["the process died"])]);
      if (reasons.length > 0) return reasons;
    }
    return [];
  }

  /** A request at the public door. Rejects with {@link CutConnection} where the answer is lost, or the process. */
  async request(request: ClientRequest): Promise<RouteAnswer> {
    const incarnation = this.#choose() ?? (await this.up());
    const cut = (): CutConnection => new CutConnection("the connection was cut");
    const call: PortCall = {
      port: "client",
      what: `${request.method} ${request.path.replace(/[0-9a-f]{32}/g, ":id")}`,
      writes: request.method !== "GET",
      lost: cut,
      refused: cut,
    };
    const ends = [incarnation.gate.died];
    if (this.isFleet) ends.push(this.world.time.timer.sleep(CLIENT_TIMEOUT_MS));
    return await Promise.race([
      incarnation.gate.pass(call, () => incarnation.request(request)),
      Promise.race(ends).then((): never => {
        throw cut();
      }),
    ]);
  }

  /** Ends the services in order, doors first, as a platform that is told to stop. */
  async drain(): Promise<void> {
    for (const place of this.#places) await drain(await place.current);
  }

  /** A process ends in order, and another one follows it. */
  async restart(nth = 0): Promise<void> {
    const place = this.#place(nth);
    const incarnation = await place.current;
    if (place.ready === incarnation) place.ready = null;
    await Promise.race([drain(incarnation), incarnation.gate.died]);
    incarnation.gate.die();
  }

  /** A process dies, and another one follows it. */
  kill(nth: number): void {
    this.#place(nth).process.gate.die();
  }

  /** A process does nothing for so long. */
  pause(nth: number, forMs: number): void {
    this.#place(nth).process.pause(forMs);
  }

  /** The processes die and none follows them. */
  stop(): void {
    this.#stopped = true;
    for (const { process } of this.#places) process.gate.die();
  }

  #place(nth: number): Place {
    return this.#places[nth % this.#places.length] as Place;
  }

  /** Of several processes any that takes work; null: none does. */
  #choose(): Incarnation | null {
    if (!this.isFleet) return null;
    const ready = this.#places.flatMap((place) => place.ready ?? []);
    return ready[this.world.random.below(Math.max(1, ready.length))] ?? null;
  }

  #boot(aheadMs: number): Place {
    const process = this.#start(aheadMs);
    const place: Place = { aheadMs, current: process.booted, process, ready: null };
    this.#follow(place);
    return place;
  }

  #start(aheadMs: number): Process {
    this.boots += 1;
    return bootPlatform({
      world: this.world,
      plan: this.plan,
      definitions: this.#definitions,
      mutation: this.#mutation,
      aheadMs,
      fleet: { choose: () => this.#choose() },
    });
  }

  #follow(place: Place): void {
    const { process } = place;
    const next = process.gate.died.then((): Promise<Incarnation> => {
      place.ready = null;
      if (this.#stopped) return new Promise(() => undefined);
      place.process = this.#start(place.aheadMs);
      this.#follow(place);
      return place.current;
    });
    // Whoever waits for this boot gets the next one where this one dies on the way.
    place.current = Promise.race([process.booted, next]);
    process.booted.then(
      (incarnation) => {
        if (process.gate.alive) place.ready = incarnation;
      },
      () => undefined,
    );
    place.current.catch(() => undefined);
  }
}

async function drain({ services }: Incarnation): Promise<void> {
  for (const service of [...services.values()].reverse()) await service.drain(DRAIN_MS);
}
