import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Platform, startPlatform } from "@bourse/platform";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { type RunningConsole, startConsole } from "../serve/start-console.ts";

/** A platform of the test's own with its console, on free ports. */
export interface PrivateVenue {
  readonly platform: Platform;
  readonly console: RunningConsole;
  end(): Promise<void>;
}

export async function privateVenue(): Promise<PrivateVenue> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-console-"));
  const platform = await startPlatform({
    dataFolder: folder,
    bus: "embedded",
    demo: false,
    ports: "free",
    host: "127.0.0.1",
    env: { LOG_LEVEL: "error" },
    progress: () => {},
  });
  const running = await startConsole({
    gatewayUrl: platform.gatewayUrl,
    host: "127.0.0.1",
    port: 0,
    progress: () => {},
  });
  return {
    platform,
    console: running,
    async end() {
      await running.close();
      await platform.stop();
      removeDataFolder(join(folder, "postgres"));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
