import { basename, dirname } from "node:path";

/** Says what it was started with, and ends as it is told: `exit <code>`, or `wait` for a signal. */
const [what, code] = process.argv.slice(2);
process.on("SIGTERM", () => {
  console.log("asked to end");
  process.exit(7);
});
console.log(
  JSON.stringify({
    major: Number(process.versions.node.split(".")[0]),
    args: process.argv.slice(2),
    cwd: process.cwd(),
    firstOnPath: process.env.PATH?.split(process.platform === "win32" ? ";" : ":")[0],
    node: dirname(process.execPath),
    pid: process.pid,
    script: basename(process.argv[1] ?? ""),
  }),
);
if (what === "wait") setInterval(() => {}, 60_000);
else if (what === "die") process.kill(process.pid, "SIGKILL");
else process.exitCode = Number(code);
