import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { endsWithUs } from "@bourse/processes";
import { withLibraries } from "./debian-program.ts";

/** A server that runs for tests, and ends with this process at the latest. */
export interface ServedProgram {
  stop(): Promise<void>;
}

export interface ServeProgramOptions {
  readonly title: string;
  readonly program: string;
  readonly arguments: readonly string[];
  /** It runs in it. */
  readonly folder: string;
  /** Answers 200 once it is ready. */
  readonly readyUrl: string;
}

/** Beside other tests a server takes several times as long as alone. */
const START_LIMIT_MS = 120_000;

/** Rejects with what the program said where it ends or is not ready in time. */
export async function serveProgram(options: ServeProgramOptions): Promise<ServedProgram> {
  const { program, folder } = options;
  const { child } = endsWithUs("SIGKILL", () =>
    spawn(program, [...options.arguments], {
      cwd: folder,
      env: { ...process.env, ...withLibraries(program) },
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-4_000);
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  await once(child, "spawn");
  try {
    await untilReady(options, child, () => said);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function untilReady(
  { title, readyUrl }: ServeProgramOptions,
  child: ChildProcess,
  said: () => string,
): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  for (;;) {
    const end = child.exitCode ?? child.signalCode;
    if (end !== null) throw new Error(`${title} ended with ${end}: ${said()}`);
    const isReady = await fetch(readyUrl).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (isReady) return;
    if (performance.now() > giveUpAt) throw new Error(`${title} was not ready in time: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
