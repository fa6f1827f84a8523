export { risk } from "./service.ts";
