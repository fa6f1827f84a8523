import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { endsWithUs } from "@bourse/processes";
import { signal, stateOf } from "./process-signals.ts";

const STOP_TIMEOUT_MS = 25_000;

export interface NodeProcessOptions {
  /** Of the log file and of people's reports. */
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** What it serves, each at its own address. */
  readonly urls: readonly string[];
}

/** One process of the platform, which can be started again after its death. */
export class NodeProcess {
  readonly name: string;
  readonly urls: readonly string[];
  readonly logFile: string;
  readonly #options: NodeProcessOptions;
  #child: ChildProcess | null = null;

  constructor(options: NodeProcessOptions) {
    this.name = options.name;
    this.urls = options.urls;
    this.logFile = options.logFile;
    this.#options = options;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== null && child.exitCode === null && child.signalCode === null;
  }

  get isStopped(): boolean {
    return stateOf(this.pid) === "T";
  }

  start(): void {
    const log = openSync(this.logFile, "a");
    const { child } = endsWithUs("SIGKILL", () =>
      spawn(process.execPath, [...this.#options.args], {
        // A group of its own: Ctrl-C in the terminal is for the runner.
        detached: true,
        stdio: ["ignore", log, log],
        env: this.#options.env,
      }),
    );
    this.#child = child;
    closeSync(log);
  }

  /** Resolves once it is gone, with the signal that ended it. */
  async kill(): Promise<string | null> {
    signal(this.pid, "SIGKILL");
    await this.#ended();
    return this.#child?.signalCode ?? null;
  }

  pause(): void {
    signal(this.pid, "SIGSTOP");
  }

  resume(): void {
    signal(this.pid, "SIGCONT");
  }

  /** SIGTERM, and SIGKILL after a while. False where that was needed. */
  async stop(): Promise<boolean> {
    if (!this.isRunning) return true;
    this.resume();
    signal(this.pid, "SIGTERM");
    const timer = setTimeout(() => signal(this.pid, "SIGKILL"), STOP_TIMEOUT_MS);
    await this.#ended();
    clearTimeout(timer);
    return this.#child?.signalCode === null;
  }

  async isReady(): Promise<boolean> {
    if (!this.isRunning) return false;
    const answers = await Promise.all(this.urls.map((url) => isOk(`${url}/health/ready`)));
    return answers.every(Boolean);
  }

  /** Empty: it is ready. */
  async whyUnready(): Promise<string> {
    if (!this.isRunning) return `${this.name} does not run`;
    const words = await Promise.all(this.urls.map(reasonsAt));
    return words
      .map((word) => (word === "" ? "" : `${this.name}: ${word}`))
      .join(" ")
      .trim();
  }

  async #ended(): Promise<void> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => child.once("exit", () => resolve()));
  }
}

async function reasonsAt(url: string): Promise<string> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const text = await answer.text();
    return answer.ok ? "" : text;
  } catch (error) {
    return (error as Error).message;
  }
}

async function isOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
