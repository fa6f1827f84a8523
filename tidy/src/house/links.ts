import { posix } from "node:path";
import type { TextFile, Violation } from "../repository.ts";

/** Relative links of Markdown files, with their anchors, resolve. `paths` are all files of the repository. */
export function checkLinks(documents: readonly TextFile[], paths: readonly string[]): readonly Violation[] {
  const anchors = new Map(documents.map(({ path, text }) => [path, anchorsOf(text)]));
  const known = new Set(paths.flatMap((path) => [path, ...foldersOf(path)]));
  return documents.flatMap(({ path, text }) =>
    linksOf(text).flatMap(({ target, line }) => {
      const rule = faultOf({ path, target, known, anchors });
      return rule === undefined ? [] : [{ path, line, rule }];
    }),
  );
}

interface Lookup {
  readonly path: string;
  readonly target: string;
  readonly known: ReadonlySet<string>;
  readonly anchors: ReadonlyMap<string, ReadonlySet<string>>;
}

function faultOf({ path, target, known, anchors }: Lookup): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [file = "", anchor] = decodeURI(target).split("#");
  if (file.startsWith("/")) return `${target} is not relative`;
  const where = file === "" ? path : posix.join(posix.dirname(path), file).replace(/\/$/, "");
  if (!known.has(where)) return `${target} leads nowhere`;
  if (anchor === undefined || anchor === "" || !where.endsWith(".md")) return undefined;
  return anchors.get(where)?.has(anchor) === true ? undefined : `${where} has no heading #${anchor}`;
}

interface Link {
  readonly target: string;
  readonly line: number;
}

function linksOf(text: string): readonly Link[] {
  return proseLines(text).flatMap(({ prose, line }) => {
    const bare = prose.replace(/`[^`]*`/g, "");
    const inline = [...bare.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
    const defined = [...bare.matchAll(/^\s{0,3}\[[^\]]+\]:\s+<?([^\s>]+)/g)];
    const html = [...bare.matchAll(/\b(?:href|src)="([^"]+)"/g)];
    return [...inline, ...defined, ...html].map(([, target = ""]) => ({ target, line }));
  });
}

/** Headings' anchors as GitHub makes them, and explicit ones. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const { prose } of proseLines(text)) {
    for (const [, id = ""] of prose.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(prose)?.[1];
    if (heading === undefined) continue;
    const slug = slugOf(heading);
    let unique = slug;
    for (let count = 1; anchors.has(unique); count++) unique = `${slug}-${count}`;
    anchors.add(unique);
  }
  return anchors;
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
}

/** The lines outside fenced code. */
function proseLines(text: string): readonly { readonly prose: string; readonly line: number }[] {
  let fence: string | undefined;
  return text.split("\n").flatMap((prose, index) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(prose)?.[1];
    if (fence === undefined && mark !== undefined) {
      fence = mark;
      return [];
    }
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
      return [];
    }
    return [{ prose, line: index + 1 }];
  });
}

function foldersOf(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === "." ? ["."] : [folder, ...foldersOf(folder)];
}
