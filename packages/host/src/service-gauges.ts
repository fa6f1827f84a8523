import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import type { Store } from "@bourse/store";
import { Gauge, type Registry } from "prom-client";
import type { PoolName } from "./runtime.ts";

/** Where the figures are read when Prometheus asks. */
export interface ObservedService {
  readonly registry: Registry;
  /** Why it can't take work now; empty: ready. */
  readonly unready: () => Promise<readonly string[]>;
  /** Empty for a service that keeps nothing in PostgreSQL, and until its pools are opened. */
  readonly pools: () => readonly (readonly [PoolName, Store])[];
  readonly answers: (store: Store) => Promise<boolean>;
  readonly dataFolder: string;
}

/** What alarms ask of a service as a whole, read at the moment of the scrape. */
export function exposeService({ registry, unready, pools, answers, dataFolder }: ObservedService): void {
  const registers = [registry];
  // Gauges are read in this order, and the questions to the database below wait in the pools themselves.
  exposePools(registers, pools);
  new Gauge({
    name: "bourse_ready",
    help: "1 while the service takes work; /health/ready says why it does not",
    registers,
    async collect() {
      this.set((await unready()).length === 0 ? 1 : 0);
    },
  });
  new Gauge({
    name: "bourse_database_up",
    help: "1 while PostgreSQL answers the service",
    labelNames: ["pool"] as const,
    registers,
    async collect() {
      await Promise.all(
        pools().map(async ([pool, store]) => this.set({ pool }, (await answers(store)) ? 1 : 0)),
      );
    },
  });
  exposeDisk(registers, dataFolder);
}

function exposePools(registers: Registry[], pools: ObservedService["pools"]): void {
  const gauge = (name: string, help: string, value: "connections" | "limit" | "waiting"): void => {
    new Gauge({
      name: `bourse_database_pool_${name}`,
      help,
      labelNames: ["pool"] as const,
      registers,
      collect() {
        for (const [pool, store] of pools()) {
          const load = store.load?.();
          if (load !== undefined) this.set({ pool }, load[value]);
        }
      },
    });
  };
  gauge("connections", "Open connections of a pool", "connections");
  gauge("limit", "Connections that a pool may open", "limit");
  gauge("waiting", "Calls that wait for a connection because all of them are at work", "waiting");
}

/** Of the disk that holds what the service's instances share: embedded, the event log and PostgreSQL too. */
function exposeDisk(registers: Registry[], dataFolder: string): void {
  const gauge = (name: string, help: string, bytes: (disk: StatsFs) => number): void => {
    new Gauge({
      name: `bourse_data_disk_${name}_bytes`,
      help,
      registers,
      async collect() {
        // Before the first start there is no folder yet; the other figures are worth having.
        const disk = await statfs(dataFolder).catch(() => null);
        this.set(disk === null ? Number.NaN : bytes(disk));
      },
    });
  };
  gauge("free", "Room left on the disk of the data folder", ({ bavail, bsize }) => bavail * bsize);
  gauge("size", "Size of the disk of the data folder", ({ blocks, bsize }) => blocks * bsize);
}
