/**
 * Who may import whom. Every arrow points downwards; what is not here is forbidden, among services too. A new
 * package is a new line here.
 */
const packages = {
  base: [],
  "command-line": [],
  disk: [],
  ports: [],
  processes: [],
  market: ["base"],
  ledger: ["base"],
  // The command line for the fuzz, a program of its tests.
  engine: ["base", "market", "command-line"],
  positions: ["base", "market"],
  contracts: ["base", "market"],
  recordings: ["base", "market"],
  bus: ["base", "disk", "ports", "processes"],
  store: ["base", "disk", "ports", "processes"],
  sdk: ["base"],
  delivery: ["base", "disk", "contracts", "bus", "store"],
  "trade-stream": ["base", "contracts", "bus"],
  journal: ["base", "disk", "engine"],
  registry: ["base", "disk", "ports", "processes", "contracts", "bus"],
  // Ports for a test of a peer that is away and there again.
  host: ["base", "ports", "contracts", "bus", "store", "delivery"],
} as const;

/** What every service may import, and what only some may. */
const anyService = ["base", "market", "contracts", "bus", "store", "delivery", "host"] as const;
const oneService: Readonly<Record<string, readonly string[]>> = {
  wallet: ["ledger"],
  // The journal in a test only: that its replay and this one are the same.
  matching: ["engine", "journal"],
  portfolio: ["positions"],
  "trade-processor": ["positions"],
};

/** What runs in a browser: an app's `web/`. */
export const WEB_MAY_IMPORT: readonly string[] = ["base", "market", "sdk"];

const apps: Readonly<Record<string, readonly string[]>> = {
  cli: [
    "base",
    "market",
    "engine",
    "contracts",
    "bus",
    "store",
    "host",
    "platform",
    "recordings",
    "registry",
    "console",
    "trade-stream",
    // Tests start platforms beside one another.
    "ports",
  ],
  // What runs in the browser, the bound of a connection that the services' servers have, and in tests a real platform.
  console: [...WEB_MAY_IMPORT, "host", "contracts", "disk", "bus", "store", "platform"],
};

const platform = [...Object.keys(packages), "services"];

/** Packages that have no clock, no randomness and no I/O; a service's `domain/` is held to the same. */
export const PURE_PACKAGES: readonly string[] = ["base", "market", "ledger", "engine", "positions"];

/** A folder with a manifest. `name` is what comes after `@bourse/`. */
export interface Unit {
  readonly kind: "package" | "service" | "platform" | "app" | "bench" | "sim" | "chaos" | "tidy";
  readonly name: string;
  readonly folder: string;
}

/** The unit that a path belongs to; undefined for files of the house itself. */
export function unitOf(path: string): Unit | undefined {
  const [top, second] = path.split("/");
  if (top === "platform" || top === "bench" || top === "sim" || top === "chaos" || top === "tidy")
    return { kind: top, name: top, folder: top };
  if (second === undefined) return undefined;
  const folder = `${top}/${second}`;
  if (top === "packages") return { kind: "package", name: second, folder };
  if (top === "services") return { kind: "service", name: second, folder };
  if (top === "apps") return { kind: "app", name: second, folder };
  return undefined;
}

/** Names of the units that `unit` may import; "services" stands for all of them. */
export function allowedFor(unit: Unit): readonly string[] {
  switch (unit.kind) {
    case "package":
      return unit.name in packages ? packages[unit.name as keyof typeof packages] : [];
    case "service":
      return [...anyService, ...(oneService[unit.name] ?? [])];
    case "platform":
      return platform;
    case "app":
      return apps[unit.name] ?? [];
    case "bench":
    case "chaos":
      return [...platform, "platform", "cli"];
    case "sim":
      return [...platform, "platform"];
    case "tidy":
      return [...platform, "platform", "cli", "bench", "sim", "chaos"];
  }
}

/** Whether the map knows the unit: a package or an app without a line is a violation of its own. */
export function isMapped(unit: Unit): boolean {
  if (unit.kind === "package") return unit.name in packages;
  return unit.kind !== "app" || unit.name in apps;
}
