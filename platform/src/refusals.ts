import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "@bourse/contracts";
import type { DataFolder } from "./data-folder.ts";

/** Why a service last refused to start, kept in the data folder for `bourse status` until it starts or is recovered. */
export interface Refusal {
  readonly service: ServiceName;
  readonly message: string;
  readonly at: string;
}

const FOLDER = "refusals";

export function keepRefusal(data: DataFolder, refusal: Refusal): void {
  writeFileSync(join(data.folder(FOLDER), `${refusal.service}.json`), `${JSON.stringify(refusal)}\n`);
}

export function forgetRefusal(dataFolder: string, service: ServiceName): void {
  rmSync(join(dataFolder, FOLDER, `${service}.json`), { force: true });
}

/** By service; empty where none refused, or nothing of it can be read. */
export function readRefusals(dataFolder: string): readonly Refusal[] {
  try {
    return readdirSync(join(dataFolder, FOLDER))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(dataFolder, FOLDER, name), "utf8")) as Refusal);
  } catch {
    return [];
  }
}
