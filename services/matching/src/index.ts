export { matching } from "./service.ts";
