import { readFileSync } from "node:fs";

/** A file of `pages/`, read once at start. */
export function pageFile(name: string): string {
  return readFileSync(new URL(`../pages/${name}`, import.meta.url), "utf8");
}
