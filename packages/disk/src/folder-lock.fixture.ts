import { lockFolder } from "./folder-lock.ts";

/** Takes the folder of its first argument, says so, and holds it until it is ended. */
lockFolder(process.argv[2] ?? "", ({ cause }) => new Error("held", { cause }));
process.send?.("locked");
setInterval(() => {}, 60_000);
