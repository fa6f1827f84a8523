export { type HeldLock, lockDatabase, lockFolder } from "./folder-lock.ts";
