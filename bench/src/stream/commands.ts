import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { commandProcess } from "../command-process.ts";
import { cpuSeconds } from "../cpu-time.ts";
import { CLI_ENTRY } from "../spine/benched-platform.ts";

/** A command of ours, or of Kafka's own tools, as anyone would start it. */
export interface RunningCommand {
  readonly pid: number;
  /** The most that its resident memory was, as far as was looked. */
  readonly peakRssMb: () => number;
  /** Processor time that it had used when it was last looked at, which is now as long as it runs. */
  readonly cpuSeconds: () => number;
  readonly ended: Promise<string>;
  /** Lines of stderr as they come. */
  onLine(listener: (line: string) => void): void;
  end(signal?: "SIGTERM" | "SIGKILL"): Promise<string>;
}

const LOOK_EVERY_MS = 250;

/** As the `bourse` command starts it, without the launcher's own process. */
export function bourse(args: readonly string[], env: Readonly<Record<string, string>>): RunningCommand {
  const own = commandProcess(args);
  return command(process.execPath, [...own.flags, CLI_ENTRY, ...args], { ...own.env, ...env });
}

export function command(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): RunningCommand {
  const child: ChildProcess = spawn(program, [...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, KAFKA_TOPIC: "", ...env },
  });
  let peak = 0;
  let output = "";
  let errors = "";
  const listeners: ((line: string) => void)[] = [];
  child.stdout?.on("data", (piece: Buffer) => {
    output += piece.toString();
  });
  child.stderr?.on("data", (piece: Buffer) => {
    errors = (errors + piece.toString()).slice(-4_000);
    for (const line of piece.toString().split("\n")) for (const listener of listeners) listener(line);
  });
  let used = 0;
  const look = (): void => {
    peak = Math.max(peak, rssMb(child.pid ?? 0));
    used = Math.max(used, cpuSeconds([child.pid ?? 0]));
  };
  const looking = setInterval(look, LOOK_EVERY_MS);
  const ended = new Promise<string>((resolve, reject) => {
    child.once("error", (error) => {
      clearInterval(looking);
      reject(error);
    });
    child.once("exit", (code, signal) => {
      clearInterval(looking);
      if (code === 0 || signal !== null) resolve(output);
      else
        reject(
          new Error(
            `${program} ${args.slice(0, 3).join(" ")} ended with ${code}: ${errors}${output.slice(-2_000)}`,
          ),
        );
    });
  });
  ended.catch(() => undefined);
  return {
    pid: child.pid ?? 0,
    peakRssMb: () => peak,
    cpuSeconds: () => {
      look();
      return used;
    },
    ended,
    onLine: (listener) => listeners.push(listener),
    end: async (signal = "SIGTERM") => {
      child.kill(signal);
      return await ended;
    },
  };
}

function rssMb(pid: number): number {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kilobytes ?? 0) / 1_024);
  } catch {
    return 0;
  }
}

/** The JSON object that a command writes as its last line. */
export function lastObject(output: string): Readonly<Record<string, unknown>> {
  return JSON.parse(output.trim().split("\n").at(-1) ?? "{}") as Readonly<Record<string, unknown>>;
}
