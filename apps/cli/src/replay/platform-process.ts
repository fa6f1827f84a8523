import { startPlatform } from "@bourse/platform";
import { removeData } from "../data-folder.ts";

/** What the parent sends first. */
export interface PrivatePlatformOptions {
  readonly dataFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the folder stays when the platform goes. */
  readonly keep: boolean;
}

/** What this process tells its parent. */
export type FromPlatform =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "up"; readonly gatewayUrl: string; readonly operatorKey: string }
  | { readonly kind: "failed"; readonly reason: string };

// A private platform in a process of its own. It lives as long as its parent holds on to it: Ctrl-C in the terminal is
// the parent's, and a parent that died has let go.
process.on("SIGINT", () => undefined);
process.once("message", (options) => void run(options as PrivatePlatformOptions));

async function run(options: PrivatePlatformOptions): Promise<void> {
  const letGo = new Promise<void>((resolve) => process.once("disconnect", resolve));
  try {
    const platform = await startPlatform({
      dataFolder: options.dataFolder,
      env: options.env,
      bus: "embedded",
      demo: false,
      ports: "free",
      host: "127.0.0.1",
      progress: (line) => tell({ kind: "progress", line }),
    });
    tell({ kind: "up", gatewayUrl: platform.gatewayUrl, operatorKey: platform.operatorKey });
    await letGo;
    await platform.stop();
    if (!options.keep) await removeData(options.dataFolder);
    process.exit(0);
  } catch (error) {
    tell({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
    process.disconnect?.();
  }
}

function tell(message: FromPlatform): void {
  if (process.connected) process.send?.(message);
}
