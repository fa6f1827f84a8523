import { posix } from "node:path";
import type { Violation } from "../repository.ts";
import type { SourceCode } from "./source-code.ts";

/**
 * Files that import each other in a circle, types included: none of them can be read before the others. Told once a
 * circle, at its first file. They are the strongly connected components of the imports, by Tarjan's algorithm.
 */
export function findCircles(sources: readonly SourceCode[]): readonly Violation[] {
  const imports = new Map(sources.map((source) => [source.path, importedFiles(source)]));
  const search = new Search(imports);
  for (const path of imports.keys()) search.visit(path);
  return search.circles.map((circle) => {
    const [first = "", ...others] = circle.toSorted();
    return { path: first, rule: `imports itself, by way of ${others.join(", ") || "nothing else"}` };
  });
}

function importedFiles({ path, imports }: SourceCode): readonly string[] {
  return imports
    .filter(({ from }) => from.startsWith("."))
    .map(({ from }) => posix.join(posix.dirname(path), from));
}

interface Visit {
  readonly number: number;
  /** The least number that is reached from here within the circle. */
  least: number;
  isOpen: boolean;
}

class Search {
  readonly circles: string[][] = [];
  readonly #imports: ReadonlyMap<string, readonly string[]>;
  readonly #visits = new Map<string, Visit>();
  /** Visited, and not yet known to be in a circle or in none. */
  readonly #open: string[] = [];

  constructor(imports: ReadonlyMap<string, readonly string[]>) {
    this.#imports = imports;
  }

  visit(path: string): Visit {
    const known = this.#visits.get(path);
    if (known !== undefined) return known;
    const visit: Visit = { number: this.#visits.size, least: this.#visits.size, isOpen: true };
    this.#visits.set(path, visit);
    this.#open.push(path);
    const imported = this.#imports.get(path) ?? [];
    for (const target of imported) {
      const reached = this.visit(target);
      if (reached.isOpen) visit.least = Math.min(visit.least, reached.least);
    }
    if (visit.least === visit.number) this.#close(path, imported.includes(path));
    return visit;
  }

  /** All that was opened since `path` is one circle, or `path` alone. */
  #close(path: string, importsItself: boolean): void {
    const circle = this.#open.splice(this.#open.lastIndexOf(path));
    for (const each of circle) (this.#visits.get(each) as Visit).isOpen = false;
    if (circle.length > 1 || importsItself) this.circles.push(circle);
  }
}
