import { arch, availableParallelism, cpus, release, totalmem, type } from "node:os";

/** What figures are worth nothing without. */
export function machineFacts(script: string): Readonly<Record<string, string>> {
  return {
    machine: `${availableParallelism()} cores, ${cpus()[0]?.model ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GB`,
    system: `${type()} ${release()} ${arch()}`,
    node: process.version,
    date: new Date().toISOString(),
    command: [`npm run ${script} --`, ...process.argv.slice(2)].join(" "),
  };
}
