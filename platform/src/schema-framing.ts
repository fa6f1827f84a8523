import type { EventBus } from "@bourse/bus";
import { catalogue, type ServiceName, writersOf } from "@bourse/contracts";
import {
  confluentRegistry,
  fileIdCache,
  framedBus,
  type RegistryError,
  registerSubjects,
  SUBJECT_STRATEGIES,
  type SubjectStrategy,
  subjectSchemas,
} from "@bourse/registry";
import { machineRandom, machineTimer } from "./machine.ts";
import { PlatformError } from "./platform-error.ts";

export interface SchemaFramingOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the ids that a registry has given are kept. */
  readonly idsFile: string;
  /** Whose topics are registered; absent: all of them. */
  readonly only?: readonly ServiceName[] | undefined;
  readonly progress: (line: string) => void;
}

/**
 * The bus as it is, or, where SCHEMA_REGISTRY_URL names a registry, one whose records carry the id of their schema there:
 * the schemas of what these services write are registered first. Throws `schema_incompatible` where readers of what is in
 * the topics could not go on, `registry_refused`, and {@link PlatformError} for a setting that can't be. A registry that
 * does not answer is waited for, unless the ids are known from before (R12).
 */
export async function withSchemaIds(bus: EventBus, options: SchemaFramingOptions): Promise<EventBus> {
  const { env, idsFile, only, progress } = options;
  const url = env.SCHEMA_REGISTRY_URL;
  if (url === undefined || url === "") return bus;
  if (bus.kind === "embedded") {
    progress("SCHEMA_REGISTRY_URL is left alone: the embedded bus has no wire that others read");
    return bus;
  }
  const strategy = strategyOf(env.SCHEMA_SUBJECT_STRATEGY);
  const topics = catalogue.filter(
    (topic) =>
      only === undefined || writersOf(topic).some((writer) => (only as readonly string[]).includes(writer)),
  );
  const registry = confluentRegistry({ url });
  const ending = new AbortController();
  const closed = async (): Promise<void> => {
    ending.abort(new Error("the bus is closed"));
    await registry.close();
  };
  try {
    const registration = await registerSubjects({
      registry,
      subjects: subjectSchemas(strategy, topics),
      cache: fileIdCache(idsFile, url),
      timer: machineTimer,
      random: machineRandom(),
      progress,
      signal: ending.signal,
    });
    return framedBus({ bus, registration, strategy, topics: catalogue, timer: machineTimer, closed });
  } catch (error) {
    await closed();
    throw withAdvice(error);
  }
}

function strategyOf(given: string | undefined): SubjectStrategy {
  if (given === undefined || given === "") return "TopicRecordNameStrategy";
  const found = SUBJECT_STRATEGIES.find((strategy) => strategy === given);
  if (found !== undefined) return found;
  throw new PlatformError(
    "start_failed",
    `SCHEMA_SUBJECT_STRATEGY is "${given}"; allowed is ${SUBJECT_STRATEGIES.join(" or ")}`,
  );
}

function withAdvice(error: unknown): unknown {
  const { code, message } = error as RegistryError;
  if (code !== "schema_incompatible" && code !== "registry_refused") return error;
  return new PlatformError("start_failed", `nothing was started: ${message}`, { cause: error });
}
