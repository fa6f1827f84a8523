import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ServiceName } from "@bourse/contracts";
import { writeWhole } from "@bourse/disk";
import type { DataFolder } from "./data-folder.ts";

/** Why a service last refused to start, kept in the data folder for `bourse status` until it starts or is recovered. */
export interface Refusal {
  readonly service: ServiceName;
  readonly message: string;
  readonly at: string;
}

const FOLDER = "refusals";

/** Says why it could not be kept, such as a full disk: whoever refuses to start has more to tell than that. null: it is. */
export function keepRefusal(data: Pick<DataFolder, "folder">, refusal: Refusal): string | null {
  try {
    writeWhole(join(data.folder(FOLDER), `${refusal.service}.json`), `${JSON.stringify(refusal)}\n`);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

export function forgetRefusal(dataFolder: string, service: ServiceName): void {
  rmSync(join(dataFolder, FOLDER, `${service}.json`), { force: true });
}

/** By service; without those that can't be read, as of a version that wrote them in place and was killed. */
export function readRefusals(dataFolder: string): readonly Refusal[] {
  const folder = join(dataFolder, FOLDER);
  return namesIn(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => readRefusal(join(folder, name)) ?? []);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRefusal(path: string): Refusal | null {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Refusal;
  } catch {
    return null;
  }
}
