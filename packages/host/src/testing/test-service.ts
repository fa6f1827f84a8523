import { present } from "@bourse/base";
import type { ManualClock } from "@bourse/base/testing";
import type { EmbeddedBus } from "@bourse/bus";
import type { Principal, ServiceName, Topic } from "@bourse/contracts";
import { type Store, schemaOfService } from "@bourse/store";
import { request as httpRequest } from "undici";
import type { AnyServiceDefinition, PeerRequest } from "../definition.ts";
import { createDirectory, type PlatformDirectory } from "../directory.ts";
import { INTERNAL_TOKEN_HEADER, PRINCIPAL_HEADER } from "../principal.ts";
import { publishedTopics } from "../published-topics.ts";
import type { RouteAnswer } from "../route-answer.ts";
import { type RunningService, runService } from "../run-service.ts";
import { tablesOwner } from "../tables-owner.ts";
import { documentedProblems } from "./documented-problems.ts";
import { machineTimer } from "./machine-timer.ts";
import { type TestEvent, testProducer } from "./test-producer.ts";
import { TEST_TOKEN, type TestEnd, type TestRuntimeOptions, testRuntime } from "./test-runtime.ts";

/** Stands in for another service. A thrown `PeerError` is a call that failed; else its answer. */
export type PeerStub = (request: PeerRequest) => RouteAnswer | Promise<RouteAnswer>;

export interface TestServiceOptions extends Pick<TestRuntimeOptions, "env" | "nowMs" | "logLevel"> {
  readonly peers?: Partial<Readonly<Record<ServiceName, PeerStub>>>;
  /** Services that the definition's directory lists: for a gateway. Default: the definition alone. */
  readonly definitions?: readonly AnyServiceDefinition[];
}

export interface TestRequest {
  /** An operator, an account, another service, or nobody (the default). */
  readonly as?: Principal | "internal";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it asserts
  readonly body: any;
  readonly headers: Readonly<Record<string, string>>;
}

export interface TestedService<Service> {
  readonly running: RunningService;
  readonly service: Service;
  readonly clock: ManualClock;
  readonly bus: EmbeddedBus;
  /** A pool of its own, in the service's schema. Throws for a service without migrations. */
  readonly store: Store;
  readonly directory: PlatformDirectory;
  /** Over a real socket. Rejects where a refusal is none that the route's OpenAPI document has. */
  request(method: string, path: string, request?: TestRequest): Promise<TestAnswer>;
  /** Events of other services, numbered as their owners would. */
  publish(topic: Topic, events: readonly TestEvent[]): Promise<void>;
  /** The values of all records of a topic, partition after partition, in order within each. */
  published(topic: Topic): Promise<readonly PublishedEvent[]>;
  /** Resolves when all that was published has been consumed, and the outbox is empty. */
  quiet(): Promise<void>;
  /** Jobs do not run by themselves in a test. */
  runJob(name: string): Promise<void>;
  /** Ends the service and starts it again on the same data; the result replaces this one. */
  restart(): Promise<TestedService<Service>>;
}

export interface PublishedEvent {
  readonly key: string | null;
  readonly partition: number;
  readonly producer: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test states the shape by what it asserts
  readonly event: any;
}

const DRAIN_MS = 5_000;
const QUIET_POLL_MS = 5;
/** Not a measure of anything: a test that would hang says why instead. */
const QUIET_LIMIT_MS = 60_000;

/**
 * Runs one service as the platform would: a real PostgreSQL (a database of its own), the embedded bus in a folder of
 * its own, a manual clock, machine timers, stubbed peers. Everything ends with the test.
 */
export async function testService<Service>(
  t: TestEnd,
  definition: AnyServiceDefinition & { readonly setup: (shell: never) => Service | Promise<Service> },
  options: TestServiceOptions = {},
): Promise<TestedService<Service>> {
  const directory = stubbedDirectory(definition, options);
  const { runtime, clock, bus, database, ends } = await testRuntime(t, {
    ...options,
    directory,
    topics: publishedTopics(definition),
    ...(definition.migrations === undefined ? {} : { schema: schemaOfService(tablesOwner(definition)) }),
  });
  const publish = testProducer(bus, clock);
  const checkProblem = documentedProblems(definition, directory);

  const start = async (): Promise<TestedService<Service>> => {
    const running = await runService({ ...definition, jobs: [] }, runtime);
    ends.push(() => running.drain(DRAIN_MS));
    return {
      running,
      service: running.service as Service,
      clock,
      bus,
      directory,
      get store() {
        return present(database, "a database").store;
      },
      request: async (method, path, given) => {
        const answer = await send(running.url, method, path, given ?? {});
        checkProblem(method, path, answer);
        return answer;
      },
      publish,
      published: (topic) => readTopic(bus, topic),
      quiet: () => untilQuiet(running),
      runJob: async (name) => {
        const job = present(
          definition.jobs.find((candidate) => candidate.name === name),
          `job ${name}`,
        );
        await job.run(running.service as never);
      },
      restart: async () => {
        await running.drain(DRAIN_MS);
        return await start();
      },
    };
  };
  return await start();
}

function stubbedDirectory(definition: AnyServiceDefinition, options: TestServiceOptions): PlatformDirectory {
  const directory = createDirectory({
    definitions: options.definitions ?? [definition],
    urlOf: () => "http://127.0.0.1:1",
    internalToken: TEST_TOKEN,
    timer: machineTimer,
  });
  for (const [name, stub] of Object.entries(options.peers ?? {})) {
    directory.attach({
      name: name as ServiceName,
      // Through JSON, as over HTTP: what does not survive it would only fail in the distributed form.
      call: async ({ signal: _, ...request }) => throughJson(await stub(throughJson(request))),
      forward: async (route, request) =>
        throughJson(
          await stub({ method: route.method as PeerRequest["method"], path: route.path, body: request.body }),
        ),
    });
  }
  return directory;
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

async function send(url: string, method: string, path: string, given: TestRequest): Promise<TestAnswer> {
  const query = given.query === undefined ? "" : `?${new URLSearchParams(given.query)}`;
  const headers: Record<string, string> = { ...given.headers };
  if (given.as !== undefined) headers[INTERNAL_TOKEN_HEADER] = TEST_TOKEN;
  if (typeof given.as === "object") headers[PRINCIPAL_HEADER] = JSON.stringify(given.as);
  if (given.body !== undefined) headers["content-type"] ??= "application/json";
  const answer = await httpRequest(`${url}${path}${query}`, {
    method: method as "GET",
    headers,
    body:
      given.body === undefined
        ? null
        : typeof given.body === "string"
          ? given.body
          : JSON.stringify(given.body),
  });
  const text = await answer.body.text();
  const isJson = answer.headers["content-type"]?.includes("json") === true;
  return {
    status: answer.statusCode,
    body: isJson ? JSON.parse(text) : text,
    headers: answer.headers as Record<string, string>,
  };
}

async function untilQuiet(running: RunningService): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += QUIET_POLL_MS) {
    const { quiet, reasons } = await running.quiet();
    if (quiet) return;
    if (waitedMs > QUIET_LIMIT_MS) throw new Error(`still busy: ${reasons.join("; ")}`);
    await machineTimer.sleep(QUIET_POLL_MS);
  }
}

async function readTopic(bus: EmbeddedBus, topic: Topic): Promise<readonly PublishedEvent[]> {
  const all: PublishedEvent[] = [];
  for (let partition = 0; partition < topic.partitions; partition++) {
    const records = await bus.tail(topic.name, partition, 100_000);
    for (const { key, headers, value } of records) {
      all.push({ key, partition, producer: headers.producer, event: JSON.parse(value) });
    }
  }
  return all;
}
