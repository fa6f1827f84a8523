import { removeDataFolder, stopPostgres } from "./local-postgres/index.ts";

/** A process beside a test's: when the test's end of the pipe closes, it takes the private server down and away. */
const folder = process.argv[2];
if (folder === undefined) throw new Error("the folder of the private server is given");
process.stdin.resume();
process.stdin.once("close", () => {
  void stopPostgres(folder).finally(() => removeDataFolder(folder));
});
