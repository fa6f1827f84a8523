export { type HeldLock, lockDatabase, lockFolder } from "./folder-lock.ts";
export { makeFolder } from "./make-folder.ts";
export { scratchBeside } from "./scratch.ts";
export {
  makeWhole,
  syncFolder,
  type WholeFileOptions,
  writeOnce,
  writeWhole,
  writeWholeAsync,
} from "./whole-file.ts";
