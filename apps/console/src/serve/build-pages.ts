import { build } from "vite";
import { viteSettings } from "./vite-settings.ts";

// A process of its own: what a build needs is gone when it ends.
const [outFolder] = process.argv.slice(2);
if (outFolder === undefined) throw new RangeError("the folder to build into is missing");
await build(viteSettings(outFolder));
