import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Takes the lock, notes that it came in, waits for a line on its input, notes that it leaves: `<lock> <journal>`. */
const { withInstallLock } = createRequire(import.meta.url)("../../../toolchain/install-lock.cjs") as {
  withInstallLock(file: string, work: () => Promise<void>): Promise<void>;
};
const [lock = "", journal = ""] = process.argv.slice(2);
await withInstallLock(lock, async () => {
  appendFileSync(journal, "in\n");
  process.stdout.write("in\n");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  appendFileSync(journal, "out\n");
});
process.stdin.destroy();
