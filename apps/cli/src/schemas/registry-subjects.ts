import { catalogue } from "@bourse/contracts";
import {
  confluentRegistry,
  incompatibility,
  type SchemaRegistry,
  SUBJECT_STRATEGIES,
  type SubjectSchema,
  type SubjectStrategy,
  subjectSchemas,
} from "@bourse/registry";
import { CliError } from "../cli-error.ts";
import { nonEmpty } from "../data-folder.ts";
import { eachAtOnce } from "../each-at-once.ts";
import { EXIT } from "../exit-codes.ts";

export interface RegistryOptions {
  readonly registry?: string;
  readonly strategy?: string;
  readonly json?: boolean;
}

/** A subject, and what a registry has of it. */
export interface PlannedSubject extends SubjectSchema {
  /** `new`: it takes the schema; `incompatible`: readers of an earlier version could not go on. */
  readonly state: "registered" | "new" | "incompatible";
  readonly version: number | null;
  readonly id: number | null;
  readonly fault: string | null;
}

/** Runs work with the registry that is meant, and closes it. Throws {@link CliError} where none is named. */
export async function withSchemaRegistry<T>(
  options: RegistryOptions,
  work: (target: { readonly registry: SchemaRegistry; readonly strategy: SubjectStrategy }) => Promise<T>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  const url = options.registry ?? nonEmpty(env.SCHEMA_REGISTRY_URL);
  if (url === undefined)
    throw new CliError(
      EXIT.usage,
      "--registry: which one? Or SCHEMA_REGISTRY_URL, such as http://127.0.0.1:8081",
    );
  const wanted = options.strategy ?? nonEmpty(env.SCHEMA_SUBJECT_STRATEGY) ?? "TopicRecordNameStrategy";
  const strategy = SUBJECT_STRATEGIES.find((each) => each === wanted);
  if (strategy === undefined)
    throw new CliError(EXIT.usage, `SCHEMA_SUBJECT_STRATEGY: ${wanted} -> ${SUBJECT_STRATEGIES.join(", ")}`);
  const registry = confluentRegistry({ url });
  try {
    return await work({ registry, strategy });
  } finally {
    await registry.close();
  }
}

/** What a registry has of every subject of the catalogue, and what it would say to the rest. */
export function planRegistration(
  registry: SchemaRegistry,
  strategy: SubjectStrategy,
): Promise<readonly PlannedSubject[]> {
  return inOrder(subjectSchemas(strategy, catalogue), async (subject): Promise<PlannedSubject> => {
    const found = await registry.find(subject.subject, subject.schema);
    if (found !== null)
      return { ...subject, state: "registered", version: found.version, id: found.id, fault: null };
    const fault = await incompatibility(registry, subject);
    return { ...subject, state: fault === null ? "new" : "incompatible", version: null, id: null, fault };
  });
}

/** Registers what is new. */
export function registerPlanned(
  registry: SchemaRegistry,
  plan: readonly PlannedSubject[],
): Promise<readonly PlannedSubject[]> {
  return inOrder(plan, async (planned): Promise<PlannedSubject> => {
    if (planned.state !== "new") return planned;
    const { id, version } = await registry.register(planned.subject, planned.schema);
    return { ...planned, id, version };
  });
}

const AT_ONCE = 8;

/** The outcomes of work on some items, a few at once, in the items' order. */
async function inOrder<Item, Outcome>(
  items: readonly Item[],
  work: (item: Item) => Promise<Outcome>,
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  await eachAtOnce([...items.entries()], AT_ONCE, async ([place, item]) => {
    outcomes[place] = await work(item);
  });
  return outcomes;
}
