export { choosePorts } from "./choose-ports.ts";
