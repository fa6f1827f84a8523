export { optionsOrExit, wholeNumber } from "./options.ts";
export { say } from "./say.ts";
