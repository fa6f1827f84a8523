import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { writeWhole } from "@bourse/disk";
import type { SubjectSchema } from "../subjects.ts";

/** Ids that a registry has given, kept over restarts: with them a start does not need it. */
export interface IdCache {
  get(subject: SubjectSchema): number | undefined;
  put(ids: readonly (readonly [subject: SubjectSchema, id: number])[]): void;
}

/** In a JSON file. `registry` is the registry's address: another one has other ids. A file that can't be read is empty. */
export function fileIdCache(path: string, registry: string): IdCache {
  const known = new Map(Object.entries(readIds(path)));
  const nameOf = ({ subject, schema }: SubjectSchema): string => {
    const hash = createHash("sha256").update(JSON.stringify(schema)).digest("hex");
    return `${withoutPassword(registry)} ${subject} ${hash.slice(0, 32)}`;
  };
  return {
    get: (subject) => known.get(nameOf(subject)),
    put: (ids) => {
      const news = ids.map(([subject, id]) => [nameOf(subject), id] as const);
      if (news.every(([name, id]) => known.get(name) === id)) return;
      for (const [name, id] of news) known.set(name, id);
      // Other processes share the file: what they have written since stays.
      writeIds(path, { ...readIds(path), ...Object.fromEntries(known) });
    },
  };
}

function readIds(path: string): Readonly<Record<string, number>> {
  try {
    const ids: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof ids === "object" && ids !== null ? (ids as Record<string, number>) : {};
  } catch {
    return {};
  }
}

function writeIds(path: string, ids: Readonly<Record<string, number>>): void {
  mkdirSync(dirname(path), { recursive: true });
  writeWhole(path, `${JSON.stringify(ids, null, 2)}\n`);
}

function withoutPassword(url: string): string {
  const { origin = url, pathname = "" } = URL.parse(url) ?? {};
  return `${origin}${pathname}`;
}
