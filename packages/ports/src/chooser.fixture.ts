import { choosePorts } from "./choose-ports.ts";

process.send?.(await choosePorts(1));

setInterval(() => {}, 60_000);
