export { referenceData } from "./service.ts";
