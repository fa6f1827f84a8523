export { type HeldLock, lockDatabase, lockFolder } from "./folder-lock.ts";
export {
  makeWhole,
  syncFolder,
  type WholeFileOptions,
  writeOnce,
  writeWhole,
  writeWholeAsync,
} from "./whole-file.ts";
