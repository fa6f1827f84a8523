export { dropCopy } from "./service.ts";
