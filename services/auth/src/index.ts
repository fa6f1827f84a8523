export { newMachineKey } from "./machine-key.ts";
export { auth } from "./service.ts";
