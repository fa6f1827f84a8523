import { resolve } from "node:path";
import { run } from "node:test";
import { inspect } from "node:util";
import { childrenEndWithUs } from "@bourse/processes";
import { OpenTests, type TestPlace } from "./not-ended.ts";
import { watchProcesses } from "./started-processes.ts";
import type { Suite } from "./test-files.ts";

export interface Failure {
  /** The names of the groups around the test, then its own. */
  readonly name: string;
  readonly place: string;
  readonly report: string;
}

export interface Skip {
  readonly name: string;
  readonly reason: string;
}

/** What became of one test file. */
export interface FileReport {
  readonly file: string;
  readonly passed: number;
  readonly failures: readonly Failure[];
  readonly skips: readonly Skip[];
  readonly durationMs: number;
  /** What the file printed, both streams as they came, and what its tests told of themselves, such as a seed. */
  readonly output: string;
}

export interface RunOptions {
  readonly root: string;
  readonly suite: Suite;
  /** Ends the file's process. */
  readonly interruption: AbortSignal;
  /** Runs only tests whose name matches. */
  readonly only?: RegExp;
}

/**
 * A test may take this long; a file gets a little more to close what it opened, then it is ended. It ends what hangs and
 * measures nothing: the longest file takes a third of it on a machine with two processors.
 */
const TIMEOUT_MS: Readonly<Record<Suite, number>> = {
  unit: 360_000,
  int: 600_000,
  secure: 600_000,
  crash: 1_800_000,
};
const CLOSING_MS = 15_000;
const TEST_CONTEXT = import.meta.resolve("./test-context.ts");
const OVERDUE = "did not end in time: is a timer, a server, a connection or a process left open?";
const INTERRUPTED = "was interrupted";
const NO_TEST = "holds no test, or ended before the first of them";

/** Runs one file in its own process. Never rejects for what the file does. */
export async function runTestFile(file: string, options: RunOptions): Promise<FileReport> {
  const path = resolve(options.root, file);
  const timeoutMs = TIMEOUT_MS[options.suite];
  const overdue = AbortSignal.timeout(timeoutMs + CLOSING_MS);
  const started = performance.now();
  const progress = new FileProgress(file, path, options.interruption);
  childrenEndWithUs();
  const processes = watchProcesses();
  const events = run({
    files: [path],
    cwd: options.root,
    isolation: "process",
    execArgv: ["--import", TEST_CONTEXT],
    concurrency: 1,
    timeout: timeoutMs,
    signal: AbortSignal.any([overdue, options.interruption]),
    ...(options.only === undefined ? {} : { testNamePatterns: options.only }),
  });
  for await (const event of events) progress.take(event);
  processes.end((child) => child.spawnargs.includes(path));
  return progress.report({
    durationMs: performance.now() - started,
    isOverdue: overdue.aborted,
    isFiltered: options.only !== undefined,
  });
}

interface TestData extends TestPlace {
  readonly nesting: number;
  readonly file?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly error?: unknown };
}

interface FileEnd {
  readonly durationMs: number;
  readonly isOverdue: boolean;
  /** Only some of its tests were wanted, or none. */
  readonly isFiltered: boolean;
}

interface Diagnostic {
  readonly message: string;
  /** Absent where Node sums up. */
  readonly file?: string | undefined;
}

class FileProgress {
  readonly #file: string;
  readonly #path: string;
  readonly #interruption: AbortSignal;
  readonly #names: string[] = [];
  readonly #failures: Failure[] = [];
  readonly #skips: Skip[] = [];
  readonly #open = new OpenTests();
  #fileFailure: Failure | undefined;
  #passed = 0;
  #output = "";

  constructor(file: string, path: string, interruption: AbortSignal) {
    this.#file = file;
    this.#path = path;
    this.#interruption = interruption;
  }

  take(event: { readonly type: string; readonly data: unknown }): void {
    switch (event.type) {
      case "test:enqueue":
      case "test:dequeue":
      case "test:complete":
        this.#takePlace(event.type, event.data as TestData);
        return;
      case "test:start": {
        const { name, nesting } = event.data as TestData;
        this.#names.length = nesting;
        this.#names[nesting] = name;
        return;
      }
      case "test:stdout":
      case "test:stderr":
        this.#output += (event.data as { readonly message: string }).message;
        return;
      case "test:diagnostic":
        this.#takeDiagnostic(event.data as Diagnostic);
        return;
      case "test:pass":
        this.#takePass(event.data as TestData);
        return;
      case "test:fail":
        this.#takeFail(event.data as TestData);
        return;
    }
  }

  report(end: FileEnd): FileReport {
    if (end.isOverdue) this.#fileFails(OVERDUE);
    const isSilent = this.#passed + this.#failures.length + this.#skips.length === 0;
    // Node lets both pass: a process that ends well without its tests, and a file without any.
    if (this.#open.size > 0 && this.#failures.length === 0)
      this.#fileFails("ended before its tests: does something call process.exit?");
    else if (isSilent && !end.isFiltered) this.#fileFails(NO_TEST);
    return {
      file: this.#file,
      passed: this.#passed,
      failures: this.#allFailures(),
      skips: this.#skips,
      durationMs: end.durationMs,
      output: this.#output,
    };
  }

  #allFailures(): readonly Failure[] {
    if (this.#fileFailure === undefined) return this.#failures;
    const running = this.#open.running().map((test) => `\nnot ended: ${test}`);
    const { report } = this.#fileFailure;
    return [...this.#failures, { ...this.#fileFailure, report: report + running.join("") }];
  }

  #takeDiagnostic({ file, message }: Diagnostic): void {
    if (file !== undefined) this.#output += `${message}\n`;
  }

  #takePlace(type: "test:enqueue" | "test:dequeue" | "test:complete", data: TestData): void {
    if (this.#isFileItself(data)) return;
    if (type === "test:enqueue") this.#open.enqueued(data);
    else if (type === "test:dequeue") this.#open.began(data);
    else this.#open.ended(data);
  }

  #takePass(data: TestData): void {
    if (data.skip !== undefined || data.todo !== undefined) this.#takeSkip(data);
    else if (!this.#isFileItself(data) && data.details.type !== "suite") this.#passed++;
  }

  #takeFail(data: TestData): void {
    const error = data.details.error;
    if (data.todo !== undefined) {
      this.#takeSkip(data);
    } else if (property(error, "failureType") === "subtestsFailed") {
      // The tests inside have told it already.
    } else if (this.#isFileItself(data)) {
      this.#fileFails(describeEnd(error, this.#interruption));
    } else {
      this.#failures.push({
        name: this.#fullName(data),
        place: data.line === undefined ? this.#file : `${this.#file}:${data.line}`,
        report: describe(error),
      });
    }
  }

  #fileFails(report: string): void {
    this.#fileFailure ??= { name: "(the file)", place: this.#file, report };
  }

  #takeSkip(data: TestData): void {
    const why = data.skip ?? data.todo;
    const word = data.skip === undefined ? "todo" : "skipped";
    this.#skips.push({
      name: this.#fullName(data),
      reason: typeof why === "string" && why !== "" ? why : word,
    });
  }

  #isFileItself(data: TestData): boolean {
    return data.nesting === 0 && data.name === this.#path;
  }

  #fullName(data: TestData): string {
    return [...this.#names.slice(0, data.nesting), data.name].join(" > ");
  }
}

/** How a file failed as a whole: its process, or a hook outside its tests. */
function describeEnd(error: unknown, interruption: AbortSignal): string {
  const end = property(error, "exitCode") ?? property(error, "signal");
  if (end !== undefined && end !== null) return `ended with ${end}`;
  const isEnded = ["testAborted", "testTimeoutFailure"].includes(String(property(error, "failureType")));
  if (!isEnded) return describe(error);
  return interruption.aborted ? INTERRUPTED : OVERDUE;
}

function describe(error: unknown): string {
  const cause = property(error, "cause") ?? error;
  if (!(cause instanceof Error)) return typeof cause === "string" ? cause : inspect(cause);
  // An assertion's message has its values already.
  const text =
    property(cause, "code") === "ERR_ASSERTION"
      ? (cause.stack ?? cause.message)
      : inspect(cause, { depth: 6 });
  return text.replace(/^ +at .*\(?node:(internal|async_hooks|diagnostics_channel).*\n?/gm, "").trimEnd();
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
