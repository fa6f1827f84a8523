import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { OperationalError } from "@bourse/base";
import {
  createDelivery,
  createIdempotency,
  type DeliveryRuntime,
  deliveryMigrations,
} from "@bourse/delivery";
import { type Store, StoreError } from "@bourse/store";
import type { FastifyInstance } from "fastify";
import type { Registry } from "prom-client";
import { alwaysRoutes } from "./built-in-routes.ts";
import { HostConfig, readConfig, redactConfig } from "./config.ts";
import { deadLetterRoutes, openDeadLetters } from "./dead-letter-routes.ts";
import { bounded, type Deadline, deadlineAfter } from "./deadline.ts";
import type { AnyRoute, AnyServiceDefinition, Job, Shell } from "./definition.ts";
import { type CommitDoors, keepsAnswers } from "./http/answer-commit.ts";
import { AnswersUnderWay } from "./http/answers-under-way.ts";
import { boundConnections } from "./http/bound-connections.ts";
import { Dispatcher } from "./http/dispatcher.ts";
import { createServer } from "./http/server.ts";
import { invariantRoutes } from "./invariant-routes.ts";
import { type RunningJobs, startJobs } from "./jobs.ts";
import { makeShell } from "./make-shell.ts";
import { createRegistry, RequestDurations } from "./metrics.ts";
import { patienceWhileEnding } from "./patience-while-ending.ts";
import { callerReader } from "./principal.ts";
import { publishedTopics } from "./published-topics.ts";
import { openRebuilds, rebuildRoutes } from "./rebuild-routes.ts";
import { retryAtBoot } from "./retry-at-boot.ts";
import type { Runtime } from "./runtime.ts";
import { exposeService } from "./service-gauges.ts";
import { type Phase, type Quiet, quietOf, type ServiceStatus } from "./status.ts";
import { tablesOwner } from "./tables-owner.ts";
import { startTracing } from "./tracing.ts";

/** A service that takes work. */
export interface RunningService {
  readonly definition: AnyServiceDefinition;
  /** What `setup` made. */
  readonly service: unknown;
  readonly url: string;
  readonly port: number;
  /** Its door for neighbours in the same process. */
  readonly dispatch: Dispatcher;
  status(): Promise<ServiceStatus>;
  quiet(): Promise<Quiet>;
  /**
   * Ends it in order: notice to whoever leads connections here, doors, requests in flight, jobs, consumers after their unit of work, relay, stores, answers that
   * are still being taken, sockets.
   * What is not done within `deadlineMs` is cut off; false then. Idempotent.
   */
  drain(deadlineMs: number): Promise<boolean>;
}

/**
 * Starts a service: configuration, sockets (only health answers yet), migrations, setup, consumers, catching up, and
 * then the doors. Resolves when it takes work. Rejects with `ConfigError`, with what `setup` threw, or with the error
 * of a dependency that refuses for good; one that does not answer is waited for (R12), until `runtime.ending`.
 */
export async function runService(
  definition: AnyServiceDefinition,
  runtime: Runtime,
): Promise<RunningService> {
  const starting = new StartingService(definition, runtime);
  try {
    return await starting.run();
  } catch (error) {
    await starting.drain(FAILED_START_DRAIN_MS);
    throw error;
  }
}

const CATCH_UP_POLL_MS = 25;
const FAILED_START_DRAIN_MS = 2_000;
const PING_TIMEOUT_MS = 1_000;
const FORGET_KEYS_EVERY_MS = 60_000;

/** Answers are kept for a day at least. */
function forgetKeys({ idempotency }: CommitDoors): Job<never> {
  return {
    name: "forget-idempotency-keys",
    everyMs: FORGET_KEYS_EVERY_MS,
    run: async () => {
      await idempotency.cleanUp();
    },
  };
}

class StartingService {
  readonly #definition: AnyServiceDefinition;
  readonly #runtime: Runtime;
  readonly #instanceId: string;
  readonly #log: Runtime["log"];
  readonly #registry: Registry;
  readonly #stores: Store[] = [];
  readonly #pings = new Map<Store, Promise<boolean>>();
  readonly #answersUnderWay = new AnswersUnderWay();
  #phase: Phase = "starting";
  #noticeMs = 0;
  #service: unknown = null;
  #server: FastifyInstance | null = null;
  #dispatcher: Dispatcher | null = null;
  #delivery: DeliveryRuntime | null = null;
  #jobs: RunningJobs | null = null;
  #draining: Promise<boolean> | null = null;

  constructor(definition: AnyServiceDefinition, runtime: Runtime) {
    this.#definition = definition;
    this.#runtime = runtime;
    this.#instanceId = runtime.instanceId ?? runtime.newId();
    this.#registry = createRegistry(definition.name);
    this.#log = runtime.log.child({ service: definition.name });
  }

  async run(): Promise<RunningService> {
    const { name } = this.#definition;
    const hostConfig = readConfig(name, HostConfig, this.#runtime.env);
    const config = readConfig(name, this.#definition.config, this.#runtime.env);
    this.#log.level = hostConfig.LOG_LEVEL;
    this.#log.info(
      { config: redactConfig(this.#definition.config, config as Record<string, unknown>) },
      "starting",
    );
    exposeService({
      registry: this.#registry,
      unready: () => this.#unready(),
      pools: () => this.#stores.map((store, index) => [index === 0 ? "http" : "consumers", store] as const),
      answers: (store) => this.#answers(store),
      dataFolder: this.#runtime.dataFolder,
    });
    const dispatcher = this.#mount(hostConfig.HTTP_MAX_IN_FLIGHT);
    await startTracing({
      endpoint: hostConfig.OTEL_EXPORTER_OTLP_ENDPOINT,
      sampleShare: hostConfig.OTEL_TRACES_SAMPLER_ARG,
      serviceName: "bourse",
    });
    const address = await this.#listen(dispatcher, hostConfig.HTTP_MAX_CONNECTIONS);

    const sharedFolder = await this.#sharedFolder();
    const delivery = await this.#openDelivery(sharedFolder);
    const shell = makeShell({
      definition: this.#definition,
      runtime: this.#runtime,
      config,
      store: this.#stores[0],
      delivery: delivery.delivery,
      log: this.#log,
      metrics: this.#registry,
      peerTimeoutMs: hostConfig.PEER_TIMEOUT_MS,
      sharedFolder,
    });
    this.#service = await this.#setUp(shell);
    openDeadLetters(this.#service, delivery.parked);
    openRebuilds(this.#service, delivery.rebuilds);
    const consuming = delivery.start(this.#service as never, this.#definition.consumes);
    await this.#patiently(consuming, "could not read back where its topics end");
    this.#phase = "catching_up";
    await this.#caughtUp(delivery);

    this.#phase = "ready";
    this.#noticeMs = hostConfig.HTTP_DRAIN_NOTICE_MS;
    const commits = this.#commitDoors(dispatcher, delivery.delivery, hostConfig);
    dispatcher.open(this.#service, commits);
    this.#jobs = startJobs({
      jobs: [...this.#definition.jobs, ...(commits === null ? [] : [forgetKeys(commits)])],
      service: this.#service,
      timer: this.#runtime.timer,
      log: this.#log,
      metrics: this.#registry,
    });
    this.#log.info({ url: address.url }, "ready");
    return {
      definition: this.#definition,
      service: this.#service,
      ...address,
      dispatch: dispatcher,
      status: () => this.#status(),
      quiet: () => this.#quiet(),
      drain: (deadlineMs) => this.drain(deadlineMs),
    };
  }

  drain(deadlineMs: number): Promise<boolean> {
    this.#draining ??= this.#end(deadlineAfter(this.#runtime.timer, deadlineMs));
    return this.#draining;
  }

  #mount(maxInFlight: number): Dispatcher {
    const { routes: given } = this.#definition;
    const own: readonly AnyRoute[] = typeof given === "function" ? given(this.#runtime.directory) : given;
    const routes = [
      ...own,
      ...deadLetterRoutes(this.#definition),
      ...rebuildRoutes(this.#definition),
      ...invariantRoutes(this.#definition, this.#runtime.bus, this.#registry),
    ];
    const self = {
      registry: this.#registry,
      unready: () => this.#unready(),
      status: () => this.#status(),
      quiet: () => this.#quiet(),
    };
    const dispatcher = new Dispatcher({
      name: this.#definition.name,
      routes,
      builtIn: alwaysRoutes({
        definition: this.#definition,
        routes,
        directory: this.#runtime.directory,
        self,
        timer: this.#runtime.timer,
      }),
      durations: new RequestDurations(this.#registry),
      log: this.#log,
      maxInFlight,
    });
    this.#dispatcher = dispatcher;
    // From the first moment to the last: neighbours are told that it starts or ends rather than sent elsewhere.
    this.#runtime.directory.attach(dispatcher);
    return dispatcher;
  }

  /** Kept answers are of services that have a store and routes that ask for it; a gateway only hands keys on. */
  #commitDoors(
    dispatcher: Dispatcher,
    delivery: DeliveryRuntime["delivery"],
    config: HostConfig,
  ): CommitDoors | null {
    if (this.#stores.length === 0 || !dispatcher.mounted.some(({ route }) => keepsAnswers(route)))
      return null;
    const bounds = {
      maxRows: config.IDEMPOTENCY_MAX_KEYS,
      maxRowsOfPrincipal: config.IDEMPOTENCY_MAX_KEYS_OF_CALLER,
    };
    return { delivery, idempotency: createIdempotency({ delivery, metrics: this.#registry, bounds }) };
  }

  async #listen(
    dispatcher: Dispatcher,
    maxConnections: number,
  ): Promise<{ readonly url: string; readonly port: number }> {
    const { authenticate } = this.#definition;
    const { listen } = this.#runtime;
    if (listen === null) return { url: "", port: 0 };
    const server = createServer({
      dispatcher,
      readCaller: callerReader(this.#runtime.internalToken),
      authenticate:
        authenticate === undefined ? null : (headers) => authenticate(this.#service as never, headers),
      newId: this.#runtime.newId,
      log: this.#log,
    });
    this.#server = server;
    this.#answersUnderWay.watch(server.server);
    boundConnections(server.server, maxConnections, this.#registry);
    const { host, port = this.#definition.port } = listen;
    await server.listen({ host, port });
    const bound = server.server.address();
    const actual = typeof bound === "object" && bound !== null ? bound.port : port;
    const url = `http://${host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host}:${actual}`;
    listen.onListening?.(url);
    return { url, port: actual };
  }

  /**
   * A store that does not answer during `setup` is waited for (R12), and so is a COMMIT whose outcome is not known: each
   * try begins with what the tables say by then (R5). The metrics of a try that failed go with it.
   */
  #setUp(shell: Shell<never>): Promise<unknown> {
    const before = new Set(this.#registry.getMetricsAsArray().map(({ name }) => name));
    return this.#retried("setup", async () => {
      try {
        return await this.#definition.setup(shell);
      } catch (error) {
        for (const { name } of this.#registry.getMetricsAsArray())
          if (!before.has(name)) this.#registry.removeSingleMetric(name);
        if (!(error instanceof StoreError && error.code === "commit_unknown")) throw error;
        throw new OperationalError(error.code, error.message, { retryable: true, cause: error });
      }
    });
  }

  #retried<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return retryAtBoot({ ...this.#runtime, log: this.#log, what }, attempt);
  }

  async #openDelivery(sharedFolder: string): Promise<DeliveryRuntime> {
    const { name, migrations } = this.#definition;
    const owner = tablesOwner(this.#definition);
    const boot = <T>(what: string, attempt: () => Promise<T>): Promise<T> => this.#retried(what, attempt);
    let store: Store | null = null;
    let consumerStore: Store | null = null;
    if (migrations !== undefined) {
      const folders = [
        { prefix: "delivery", folder: deliveryMigrations },
        { prefix: name, folder: migrations },
      ];
      await boot("migrations", () => this.#runtime.migrate(owner, folders));
      store = await this.#runtime.openStore(owner, "http");
      this.#stores.push(store);
      consumerStore = await this.#runtime.openStore(owner, "consumers");
      this.#stores.push(consumerStore);
    }
    const hasProjection = this.#definition.consumes.some(
      (each) => each.kind === "effect" && each.projection !== undefined,
    );
    const openRebuildStore = async (): Promise<Store> => await this.#runtime.openStore(owner, "consumers");
    const delivery = createDelivery({
      ...(hasProjection ? { openRebuildStore } : {}),
      service: name,
      publishes: publishedTopics(this.#definition),
      store,
      consumerStore,
      bus: this.#runtime.bus,
      clock: this.#runtime.clock,
      timer: this.#runtime.timer,
      log: this.#log,
      metrics: this.#registry,
      instanceId: this.#instanceId,
      sharedFolder,
      ...(this.#runtime.openSnapshots === undefined ? {} : { openSnapshots: this.#runtime.openSnapshots }),
      validateEvents: this.#runtime.validateEvents ?? false,
    });
    this.#delivery = delivery;
    await delivery.prepare();
    return delivery;
  }

  async #sharedFolder(): Promise<string> {
    const folder = join(this.#runtime.dataFolder, this.#definition.name);
    if (this.#runtime.openSnapshots === undefined) await mkdir(folder, { recursive: true });
    return folder;
  }

  /**
   * R1: a view that has not caught up once would answer from the past. What is stopped (R12) does not hold the doors:
   * the service is not ready, and what it can still do (cancels) it does.
   */
  async #caughtUp(delivery: DeliveryRuntime): Promise<void> {
    let isOver = false;
    const caughtUp = async (): Promise<void> => {
      while (!isOver && delivery.unready().length > 0) {
        if (delivery.consumptions().every(({ state }) => state === "running" || state === "stopped")) return;
        await this.#runtime.timer.sleep(CATCH_UP_POLL_MS);
      }
    };
    await this.#patiently(caughtUp(), "does not catch up").finally(() => {
      isOver = true;
    });
  }

  /** What gets on no more is given up a while after the start was told to end: `work` goes on until it is drained. */
  async #patiently(work: Promise<void>, without: string): Promise<void> {
    const patience = patienceWhileEnding(this.#runtime.timer, this.#runtime.ending);
    const done = await bounded(
      patience,
      work.then(() => true),
    ).finally(patience.cancel);
    if (done === true) return;
    const message = `${this.#definition.name} was told to end while it started, and ${without}`;
    throw new OperationalError("start_failed", message, { retryable: false });
  }

  async #unready(): Promise<readonly string[]> {
    if (this.#phase !== "ready" && this.#phase !== "catching_up") return [`it is ${this.#phase}`];
    const reasons = [...(this.#delivery?.unready() ?? [])];
    if (this.#phase === "catching_up") reasons.unshift("it is catching up");
    reasons.push(...((await this.#definition.unready?.(this.#service as never)) ?? []));
    const [store] = this.#stores;
    if (store !== undefined && !(await this.#answers(store))) reasons.push("the database does not answer");
    return reasons;
  }

  async #answers(store: Store): Promise<boolean> {
    const deadline = deadlineAfter(this.#runtime.timer, PING_TIMEOUT_MS);
    const answered = await bounded(deadline, this.#pingOf(store));
    deadline.cancel();
    return answered ?? false;
  }

  /** One at a time: anybody may ask for a service's health, and what waits in its pool keeps its own work waiting. */
  #pingOf(store: Store): Promise<boolean> {
    const underWay = this.#pings.get(store);
    if (underWay !== undefined) return underWay;
    const ping = store
      .ping()
      .then(
        () => true,
        () => false,
      )
      .finally(() => this.#pings.delete(store));
    this.#pings.set(store, ping);
    return ping;
  }

  async #status(): Promise<ServiceStatus> {
    return {
      service: this.#definition.name,
      instanceId: this.#instanceId,
      phase: this.#phase,
      unready: await this.#unready(),
      stopped: this.#delivery?.stopped() ?? [],
      requestsInFlight: this.#dispatcher?.inFlight ?? 0,
      delivery: (await this.#delivery?.status()) ?? null,
    };
  }

  async #quiet(): Promise<Quiet> {
    return quietOf(await this.#status());
  }

  async #end(deadline: Deadline): Promise<boolean> {
    this.#phase = "draining";
    const steps: readonly (readonly [string, () => Promise<unknown> | undefined])[] = [
      ["notice", () => this.#giveNotice()],
      ["requests", () => this.#dispatcher?.close()],
      ["jobs", () => this.#jobs?.stop()],
      ["consumers and relay", () => this.#delivery?.drain()],
      [
        "the service",
        async () =>
          this.#service === null ? undefined : await this.#definition.close?.(this.#service as never),
      ],
      ["stores", () => Promise.all(this.#stores.map((store) => store.close()))],
      ["answers", () => this.#answersUnderWay.sent()],
    ];
    let clean = true;
    for (const [what, step] of steps) clean = (await this.#step(what, deadline, step)) && clean;
    // What is still open now has had its time.
    this.#server?.server.closeAllConnections();
    clean = (await this.#step("sockets", deadline, () => this.#server?.close())) && clean;
    deadline.cancel();
    this.#phase = "stopped";
    this.#log.info({ clean }, "stopped");
    return clean;
  }

  /** It says already that it is not ready: until that is seen, new connections are still led here. */
  async #giveNotice(): Promise<void> {
    if (this.#noticeMs === 0) return;
    this.#answersUnderWay.beLast();
    await this.#runtime.timer.sleep(this.#noticeMs);
  }

  async #step(what: string, deadline: Deadline, step: () => Promise<unknown> | undefined): Promise<boolean> {
    try {
      if (
        (await bounded(
          deadline,
          Promise.resolve(step()).then(() => true),
        )) === true
      )
        return true;
      this.#log.warn({ what }, "not finished within the drain deadline");
    } catch (error) {
      this.#log.error({ err: error, what }, "failed while draining");
    }
    return false;
  }
}
