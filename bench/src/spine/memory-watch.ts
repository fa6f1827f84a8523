import type { BenchedPlatform } from "./benched-platform.ts";
import { proportionalMb, residentMb } from "./proc-memory.ts";

const SAMPLE_MS = 500;

/** The largest sizes seen, in megabytes; null where the system does not tell. */
export interface MemoryPeaks {
  /** Of each of the platform's own processes. */
  readonly nodes: Readonly<Record<string, number | null>>;
  /** Of the broker's process. */
  readonly kafka: number | null;
  /** Of all of PostgreSQL's processes together, shared pages once. */
  readonly postgres: number | null;
}

/** Looks at the processes while they are under load. */
export class MemoryWatch {
  readonly #platform: BenchedPlatform;
  readonly #nodes = new Map<string, number | null>();
  #kafka: number | null = null;
  #postgres: number | null = null;
  readonly #timer: NodeJS.Timeout;

  constructor(platform: BenchedPlatform) {
    this.#platform = platform;
    this.#timer = setInterval(() => this.#sampleResident(), SAMPLE_MS);
  }

  /** Walking PostgreSQL's memory maps costs milliseconds, so it is done between loads, right after one. */
  samplePostgres(): void {
    this.#postgres = larger(this.#postgres, proportionalMb(this.#platform.postgresPid));
  }

  stop(): MemoryPeaks {
    clearInterval(this.#timer);
    this.#sampleResident();
    return { nodes: Object.fromEntries(this.#nodes), kafka: this.#kafka, postgres: this.#postgres };
  }

  #sampleResident(): void {
    const { nodes, kafkaPid } = this.#platform;
    for (const { name, pid } of nodes)
      this.#nodes.set(name, larger(this.#nodes.get(name) ?? null, residentMb(pid)));
    if (kafkaPid !== null) this.#kafka = larger(this.#kafka, residentMb(kafkaPid));
  }
}

function larger(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.max(left, right);
}
