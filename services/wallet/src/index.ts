export { wallet } from "./service.ts";
