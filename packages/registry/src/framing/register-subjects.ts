import type { Random, Timer } from "@bourse/base";
import type { SchemaRegistry } from "../port.ts";
import { RegistryError } from "../registry-error.ts";
import type { SubjectSchema } from "../subjects.ts";
import type { IdCache } from "./id-cache.ts";
import { incompatibility } from "./incompatibility.ts";

export interface RegistrationOptions {
  readonly registry: SchemaRegistry;
  /** What this process writes: its start waits for their ids. */
  readonly subjects: readonly SubjectSchema[];
  readonly cache: IdCache;
  readonly timer: Timer;
  readonly random: Random;
  /** Told what it waits for. */
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The ids of subjects. */
export interface Registration {
  idOf(subject: string): number | undefined;
  /** Registers one more subject, trying for ever (R12). Rejects where the registry refuses, or with the signal. */
  resolve(subject: SubjectSchema): Promise<number>;
}

/** Calls to the registry at once. */
const AT_ONCE = 8;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 10_000;

/**
 * Registers the subjects; those that are there already are left alone. A registry that does not answer is waited for,
 * unless all ids are known from before: then it is asked in the background. Throws `schema_incompatible` naming subject,
 * field and rule where readers of an earlier version's records could not go on, and `registry_refused`.
 */
export async function registerSubjects(options: RegistrationOptions): Promise<Registration> {
  const registration = new SubjectRegistration(options);
  await registration.start();
  return registration;
}

class SubjectRegistration implements Registration {
  readonly #options: RegistrationOptions;
  readonly #ids = new Map<string, number>();
  readonly #confirmed = new Set<string>();

  constructor(options: RegistrationOptions) {
    this.#options = options;
    for (const subject of options.subjects) {
      const id = options.cache.get(subject);
      if (id !== undefined) this.#ids.set(subject.subject, id);
    }
  }

  async start(): Promise<void> {
    const { subjects, progress } = this.#options;
    try {
      await this.#registerAll();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (subjects.every(({ subject }) => this.#ids.has(subject))) {
        progress(`${error.message}; going on with the ids that are known from before`);
        void this.#untilRegistered().catch((cause) => progress(messageOf(cause)));
      } else await this.#untilRegistered();
    }
  }

  idOf(subject: string): number | undefined {
    return this.#ids.get(subject);
  }

  async resolve(subject: SubjectSchema): Promise<number> {
    const known = this.#ids.get(subject.subject);
    return known ?? (await this.#retrying(() => this.#register(subject)));
  }

  #untilRegistered(): Promise<void> {
    return this.#retrying(() => this.#registerAll());
  }

  async #registerAll(): Promise<void> {
    const waiting = this.#options.subjects.filter(({ subject }) => !this.#confirmed.has(subject)).values();
    const worker = async (): Promise<void> => {
      // The iterator is shared: each worker takes the next subject that nobody has.
      for (const subject of waiting) await this.#register(subject);
    };
    try {
      const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
      const failed = ends.filter((end) => end.status === "rejected").map(({ reason }) => reason);
      // What it refuses is said before that it does not answer.
      const first = failed.find((reason) => !isAway(reason)) ?? failed[0];
      if (first !== undefined) throw first;
    } finally {
      const { cache, subjects } = this.#options;
      cache.put(
        subjects.flatMap((subject) => {
          const id = this.#confirmed.has(subject.subject) ? this.#ids.get(subject.subject) : undefined;
          return id === undefined ? [] : [[subject, id] as const];
        }),
      );
    }
  }

  async #register(wanted: SubjectSchema): Promise<number> {
    const { registry } = this.#options;
    const { subject, schema } = wanted;
    let found = await registry.find(subject, schema);
    if (found === null) {
      const fault = await incompatibility(registry, wanted);
      if (fault !== null) throw new RegistryError("schema_incompatible", fault);
      found = await registry.register(subject, schema);
    }
    this.#ids.set(subject, found.id);
    this.#confirmed.add(subject);
    return found.id;
  }

  async #retrying<T>(work: () => Promise<T>): Promise<T> {
    const { timer, random, signal, progress } = this.#options;
    for (let longestMs = FIRST_DELAY_MS; ; longestMs = Math.min(LONGEST_DELAY_MS, longestMs * 2)) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        if (!isAway(error)) throw error;
        progress(`${error.message}; trying again`);
        await timer.sleep(Math.ceil(random.next() * longestMs), signal);
      }
    }
  }
}

function isAway(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.retryable;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
