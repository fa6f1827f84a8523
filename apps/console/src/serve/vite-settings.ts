import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { InlineConfig } from "vite";

export const WEB_FOLDER: string = fileURLToPath(new URL("../web/", import.meta.url));

/** How the pages are built: no inline script, no data: font or script, so that the strictest policy fits. */
export function viteSettings(outFolder: string): InlineConfig {
  return {
    root: WEB_FOLDER,
    configFile: false,
    envDir: false,
    logLevel: "warn",
    plugins: [react()],
    build: {
      outDir: outFolder,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: "es2023",
      reportCompressedSize: false,
    },
  };
}
