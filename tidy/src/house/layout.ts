import { posix } from "node:path";
import { unitOf } from "../layers/allow-map.ts";
import type { TextFile, Violation } from "../repository.ts";

const MAX_LINES = 600;
const NAMELESS = /(^|[-.])(utils?|helpers?|common|misc|managers?|shared|lib)$/;
const MIN_README_LENGTH = 200;

/** Size, names and READMEs. `paths` are all files, `sources` the texts of those with code. */
export function checkLayout(paths: readonly string[], sources: readonly TextFile[]): readonly Violation[] {
  return [...sources.flatMap(lengthFaults), ...paths.flatMap(nameFaults)];
}

function lengthFaults({ path, text }: TextFile): readonly Violation[] {
  if (path.includes(".gen.")) return [];
  const lines = text.split("\n").length - 1;
  return lines > MAX_LINES
    ? [{ path, rule: `${lines} lines: past ${MAX_LINES} two ideas live in a file` }]
    : [];
}

function nameFaults(path: string): readonly Violation[] {
  const names = path.split("/");
  const file = posix.basename(path);
  const stems = names.map((name) => name.replace(/(\.(test|int|crash|fixture|gen|bench))*\.[a-z0-9]+$/, ""));
  const nameless = stems.find((stem) => NAMELESS.test(stem));
  const isCode = /\.(ts|tsx|cjs|mjs)$/.test(file);
  return [
    ...(nameless === undefined ? [] : [{ path, rule: `"${nameless}" names no idea of the field` }]),
    ...(isCode && !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/.test(file)
      ? [{ path, rule: "is not kebab-case" }]
      : []),
  ];
}

/** Every workspace says what it is for. */
export function checkReadmes(
  manifests: readonly string[],
  readmes: readonly TextFile[],
): readonly Violation[] {
  const folders = manifests
    .map((path) => posix.dirname(path))
    .filter((folder) => unitOf(`${folder}/x`)?.folder === folder);
  return folders.flatMap((folder) => {
    const path = `${folder}/README.md`;
    const readme = readmes.find((file) => file.path === path);
    if (readme === undefined) return [{ path, rule: "is missing" }];
    return readme.text.length < MIN_README_LENGTH
      ? [{ path, rule: "says too little: what it is for, what it is not for" }]
      : [];
  });
}
