import { PURE_PACKAGES, unitOf } from "./allow-map.ts";

/** Files that only tests load: they may know the clock, and other packages' testing faces. */
export function isForTests(path: string): boolean {
  return (
    /\.(test|fixture)\.ts$/.test(path) ||
    path.endsWith("/src/testing.ts") ||
    path.includes("/src/testing/") ||
    /\/src\/(conformance|testing)(-[a-z-]+)?\.ts$/.test(path)
  );
}

/** Code without clock, randomness and I/O: the pure packages and each service's `domain/`. */
export function isPure(path: string): boolean {
  if (isForTests(path)) return false;
  const unit = unitOf(path);
  if (unit?.kind === "package")
    return PURE_PACKAGES.includes(unit.name) && path.startsWith(`${unit.folder}/src/`);
  return isDomain(path);
}

export function isDomain(path: string): boolean {
  return /^services\/[^/]+\/src\/domain\//.test(path);
}

/** Pages of an app: they run in a browser. */
export function isWeb(path: string): boolean {
  return /^apps\/[^/]+\/src\/web\//.test(path) && !isForTests(path);
}

/** A part of the outside world and the folders that may touch it. */
export interface Place {
  readonly what: string;
  readonly folders: readonly RegExp[];
}

/** Composition, commands, benches and these checks live outside the platform's rules on the outside world. */
const outside = /^(platform|apps|bench|sim|chaos|tidy)\//;

export const KAFKA: Place = {
  what: "the Kafka client",
  folders: [
    // The same job as one writes it with another client: for the bench beside ours.
    /^bench\/src\/stream\/kafkajs-processor\.ts$/,
    /^packages\/bus\/src\/kafka\//,
  ],
};
/** Simulation brings the in-process one, behind the same port (R16). */
export const POSTGRESQL: Place = { what: "the PostgreSQL driver", folders: [/^packages\/store\//, /^sim\//] };

export const NETWORK_AND_DISK: Place = {
  what: "network and disk",
  folders: [
    outside,
    /^packages\/(disk|ports|processes|bus|store|journal|host|venues|recordings|registry)\//,
    /^services\/[^/]+\/src\/adapters\//,
    // The public API's client asks by the browser's fetch, or by the one it is given.
    /^packages\/sdk\/src\/client\.ts$/,
    // R8: the shards' snapshots on shared storage, and the voids beside them; its only files that touch the disk.
    /^packages\/delivery\/src\/snapshot-store\.ts$/,
    /^packages\/delivery\/src\/voided-commands\.ts$/,
  ],
};

export const CLOCK_AND_RANDOMNESS: Place = {
  what: "the machine's clock and randomness",
  folders: [
    outside,
    // Servers for development, started as child processes: passwords, and waiting for them.
    /^packages\/store\/src\/local-postgres\//,
    /^packages\/bus\/src\/kafka-server\//,
    /^packages\/registry\/src\/local-registry\//,
    // Where they listen, and how long they may take to end.
    /^packages\/(ports|processes)\//,
    // How long to wait for a real broker: simulation never runs this adapter.
    /^packages\/bus\/src\/kafka\//,
    // How long something took, for metrics and for a program's lines: nothing is decided by it.
    /^packages\/host\/src\/metrics\.ts$/,
    /^packages\/command-line\/src\/say\.ts$/,
  ],
};

/** In what runs under simulation, time passes by the Timer port alone. */
export const TIMERS: Place = {
  what: "timers",
  folders: [outside, /^packages\/(processes|bus|store|journal|venues|registry\/src\/local-registry)\//],
};

export function isAllowedIn(place: Place, path: string): boolean {
  return isForTests(path) || place.folders.some((folder) => folder.test(path));
}
