export { marketData } from "./service.ts";
