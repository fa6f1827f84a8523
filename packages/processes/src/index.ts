export { childrenEndWithUs, endsWithUs, removedWithUs } from "./end-with-us.ts";
export { isRunning } from "./is-running.ts";
