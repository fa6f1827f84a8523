import { lockFolder } from "./folder-lock.ts";

/** Takes the folder of its first argument, forgets what would release it, says so, and holds it until it is ended. */
lockFolder(process.argv[2] ?? "", ({ cause }) => new Error("held", { cause }));
// What nothing refers to any more goes when the turn is over; only its test gives `--expose-gc`.
setImmediate(() => {
  globalThis.gc?.();
  process.send?.("locked");
});
setInterval(() => {}, 60_000);
