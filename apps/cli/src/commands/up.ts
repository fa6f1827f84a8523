import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunningConsole } from "@bourse/console";
import type { Platform, PlatformOptions, RunFile, StoppedPart } from "@bourse/platform";
import { alreadyRunning, makeDataFolder, ownerOfDataFolder } from "@bourse/platform/folder-lock";
import { readPlatformFile } from "@bourse/platform/run-file";
import { Command, InvalidArgumentError, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { dataFolderOf, dataOption, nonEmpty, operatorKeyIn } from "../data-folder.ts";
import { EXIT, type ExitCode } from "../exit-codes.ts";
import { boundHeapGrowth } from "../heap-growth.ts";
import { hostOption, withExamples } from "../help.ts";
import { Output } from "../output.ts";
import { type TargetOptions, withData } from "../target.ts";

interface UpOptions extends TargetOptions {
  readonly only?: string;
  readonly bus: "embedded" | "kafka";
  readonly bootstrap?: string;
  readonly demo: boolean;
  readonly host: string;
  readonly detach?: boolean;
  readonly with?: string;
}

const ENTRY = fileURLToPath(new URL("../main.ts", import.meta.url));

export function upCommand(): Command {
  const command = withData(new Command("up"))
    .description("Start the platform: all services in this process, or with Kafka each in its own")
    .option("--only <service>", "one service by itself; the others, PostgreSQL and the bus run elsewhere")
    .addOption(
      new Option("--bus <bus>", "how services talk: a log on disk in this process, or Apache Kafka")
        .choices(["embedded", "kafka"])
        .default("embedded"),
    )
    .option(
      "--bootstrap <servers>",
      "with --bus kafka: brokers that run elsewhere, host:port with commas between (KAFKA_BOOTSTRAP_SERVERS)",
      namedServers,
    )
    .addOption(
      new Option("--with <services>", "services that run only when they are asked for: trade-processor").env(
        "BOURSE_WITH",
      ),
    )
    .option("--no-demo", "an empty venue, without listed instruments and participants")
    .addOption(hostOption())
    .option("--detach", "leave it running and come back; `bourse down` stops it")
    .addHelpText(
      "after",
      `
Environment:
  <SERVICE>_URL  where a service listens or is reached, such as GATEWAY_URL=http://127.0.0.1:9080
  CONSOLE_URL    where the console listens (default: http://127.0.0.1:8090)`,
    )
    .action(up);
  return withExamples(command, [
    ["up", "a venue with a demo market, on http://127.0.0.1:8080"],
    ["up --no-demo --data /tmp/venue", "an empty one, elsewhere"],
    ["up --with trade-processor", "and a processor of its own trades: positions, profit, dead letters"],
    ["up --bus kafka", "on a local Kafka, each service its own process"],
    [
      "up --bus kafka --bootstrap kafka-1:9092",
      "on a Kafka that runs elsewhere, by KAFKA_SECURITY_PROTOCOL etc.",
    ],
    [
      "up --only wallet --bus kafka",
      "one service, by DATABASE_URL, KAFKA_BOOTSTRAP_SERVERS and <SERVICE>_URL",
    ],
  ]);
}

/** For commander. Of none a broker would be started here, where a variable that is not set was meant to name others. */
function namedServers(text: string): string {
  if (text.trim() !== "") return text;
  throw new InvalidArgumentError("Allowed is host:port, with commas between.");
}

async function up(options: UpOptions): Promise<void> {
  const output = new Output({ json: options.json ?? false });
  const dataFolder = dataFolderOf(options.data);
  if (options.detach === true) return await upDetached(options, dataFolder, output);
  const consolePort = givenConsolePort();
  boundHeapGrowth(options.only === undefined ? "platform" : "service");
  let platform: Platform | undefined;
  // All services on Kafka are processes of their own: a start needs to come to no end to end them.
  const isCluster = options.bus === "kafka" && options.only === undefined;
  const stop = stopSignal(output, () => {
    if (platform !== undefined) return "";
    return `\nit ends ${isCluster ? "what it has started" : "once it has started"}; Ctrl-C again ends it at once`;
  });
  const started = performance.now();
  platform = await start(options, dataFolder, output, stop.ending);
  // What was compiled is kept for the next start, also where this process will be killed.
  flushCompileCache();
  const operators =
    options.only === undefined ? await openConsole(options, consolePort, platform, output) : null;
  if (!stop.given())
    announce(output, platform, {
      options,
      dataFolder,
      consoleUrl: operators?.url ?? null,
      seconds: (performance.now() - started) / 1_000,
    });
  void tellStopped(platform, output, stop.ending);
  await stop.signal;
  output.note("draining; Ctrl-C again ends it at once");
  await operators?.close();
  const clean = await platform.stop();
  output.note(clean ? "stopped" : "stopped; something did not end in time and was cut off");
  // What a dependency may have left open must not keep the process.
  process.exit(clean ? EXIT.ok : EXIT.failed);
}

async function start(
  options: UpOptions,
  dataFolder: string,
  output: Output,
  ending: AbortSignal,
): Promise<Platform> {
  const { isServiceName, startCluster, startPlatform } = await import("@bourse/platform");
  const { only, bus, bootstrap, demo, host } = options;
  if (bootstrap !== undefined && bus !== "kafka")
    throw new CliError(EXIT.usage, `--bootstrap: ${bootstrap} -> only with --bus kafka`);
  const shared: PlatformOptions = {
    dataFolder,
    bus,
    demo: demo && only === undefined,
    ports: "fixed",
    host,
    env: {
      ...process.env,
      ...(bootstrap === undefined ? {} : { KAFKA_BOOTSTRAP_SERVERS: bootstrap }),
      ...(options.with === undefined ? {} : { BOURSE_WITH: options.with }),
    },
    ending,
    progress: (line) => output.note(line),
  };
  if (only === undefined) {
    return bus === "kafka" ? await startCluster({ ...shared, entry: ENTRY }) : await startPlatform(shared);
  }
  if (isServiceName(only)) return await startPlatform({ ...shared, only: [only] });
  const { SERVICE_NAMES } = await import("@bourse/contracts");
  throw new CliError(EXIT.usage, `--only: ${only} -> ${SERVICE_NAMES.join(", ")}`);
}

/** The operator's console, beside the platform. A venue does not stay closed for want of it. */
async function openConsole(
  { host }: UpOptions,
  givenPort: number | undefined,
  { gatewayUrl }: Platform,
  output: Output,
): Promise<RunningConsole | null> {
  const { CONSOLE_PORT, ConsoleError, startConsole } = await import("@bourse/console");
  try {
    return await startConsole({
      gatewayUrl,
      host,
      port: givenPort ?? CONSOLE_PORT,
      progress: (line) => output.note(line),
    });
  } catch (error) {
    if (!(error instanceof ConsoleError)) throw error;
    output.note(`The platform is up without its console: ${error.message}`);
    return null;
  }
}

/** Of CONSOLE_URL, which moves the console as `<SERVICE>_URL` moves a service. Read before anything is started. */
function givenConsolePort(): number | undefined {
  const given = nonEmpty(process.env.CONSOLE_URL);
  if (given === undefined) return undefined;
  const url = URL.parse(given);
  if (url?.protocol === "http:") return Number(url.port || 80);
  throw new CliError(
    EXIT.usage,
    `CONSOLE_URL is "${given}", and allowed is an http URL, such as http://127.0.0.1:9090`,
  );
}

/**
 * The first SIGINT or SIGTERM asks for an orderly end; a second one ends the process. A start in this process goes on to its
 * own end, unless it waits for something that does not answer: that is given up.
 */
function stopSignal(
  output: Output,
  words: () => string,
): { readonly signal: Promise<void>; readonly given: () => boolean; readonly ending: AbortSignal } {
  const ending = new AbortController();
  const signal = new Promise<void>((resolve) => {
    const take = (): void => {
      if (ending.signal.aborted) process.exit(EXIT.interrupted);
      ending.abort();
      output.note(words());
      resolve();
    };
    process.on("SIGINT", take);
    process.on("SIGTERM", take);
  });
  return { signal, given: () => ending.signal.aborted, ending: ending.signal };
}

function announce(
  output: Output,
  platform: Platform,
  about: {
    readonly options: UpOptions;
    readonly dataFolder: string;
    readonly consoleUrl: string | null;
    readonly seconds: number;
  },
): void {
  const { options, dataFolder, consoleUrl, seconds } = about;
  const { gatewayUrl, operatorKey, firstStart, services } = platform;
  if (options.only !== undefined) {
    output.line(`${options.only} takes work at ${services[0]?.url ?? ""}`);
    output.result({ service: options.only, url: services[0]?.url });
    return;
  }
  output.line(
    `\nBourse is up: ${services.length} services, ${options.bus} bus, in ${seconds.toFixed(1)} s.\n`,
  );
  output.facts([
    ["  Open", `${gatewayUrl}/`],
    ["  API", `${gatewayUrl}/swagger-ui.html`],
    ...(consoleUrl === null ? [] : [["  Console", `${consoleUrl}/`] as const]),
    ["  Data", dataFolder],
    ["  Operator's key", whereKeyIs(dataFolder, firstStart ? operatorKey : null)],
  ]);
  output.line("\nTry, in another terminal:");
  for (const line of [
    ...(options.demo ? ["npx bourse book BTC-USD"] : []),
    "npx bourse accounts create alice --fund USD=100000 --with-key",
    ...(options.demo ? ["npx bourse order place buy 0.05 BTC-USD --account alice"] : []),
    "npx bourse status",
  ])
    output.line(`  ${line}${dataOption(dataFolder)}`);
  output.line("\nCtrl-C stops it.");
  output.result({ gatewayUrl, consoleUrl, dataFolder, bus: options.bus, firstStart, operatorKey, services });
}

/** `made`: shown where this start has made it. */
function whereKeyIs(dataFolder: string, made: string | null): string {
  if (nonEmpty(process.env.BOURSE_OPERATOR_KEY) !== undefined)
    return "as BOURSE_OPERATOR_KEY has it; commands take it from BOURSE_KEY";
  const file = relative(process.cwd(), join(dataFolder, "operator.key"));
  return made === null ? `in ${file}` : `${made} (kept in ${file})`;
}

/** The engine may still replay its log when the doors are open: what of it stops there is told once it is known. */
async function tellStopped(platform: Platform, output: Output, ending: AbortSignal): Promise<void> {
  while (!ending.aborted) {
    const stopped = await platform.stopped();
    if (stopped !== null) return noteStopped(output, stopped);
    await pause();
  }
}

function noteStopped(output: Output, stopped: readonly StoppedPart[]): void {
  if (stopped.length === 0) return;
  output.note("\nNot all of it takes work; what has stopped waits for an operator, the rest goes on:");
  for (const { service, reason } of stopped) output.note(`  ${service}: ${reason}`);
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

/** Ends of the detached process that are this one's too: it has said why. */
const KEPT: readonly ExitCode[] = Object.values(EXIT).filter((code) => code !== EXIT.ok);
const POLL_MS = 100;
const START_TIMEOUT_MS = 180_000;

/** Starts the same command again without a terminal and waits until the platform is up. */
async function upDetached({ only }: UpOptions, dataFolder: string, output: Output): Promise<void> {
  if (only !== undefined)
    throw new CliError(
      EXIT.usage,
      "--detach: not with --only; a service by itself ends with what started it",
    );
  if (ownerOfDataFolder(dataFolder) !== null || readPlatformFile(dataFolder) !== null)
    throw alreadyRunning(dataFolder);
  makeDataFolder(dataFolder);
  const logs = join(dataFolder, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const file = join(logs, "up.log");
  rmSync(file, { force: true });
  const log = openSync(file, "a");
  const args = process.argv.slice(2).filter((arg) => arg !== "--detach" && arg !== "--json");
  const child = spawn(process.execPath, [...process.execArgv, ENTRY, ...args], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { exitCode, signalCode } = child;
    if (exitCode !== null || signalCode !== null) {
      const words = readFileSync(file, "utf8").trimEnd();
      throw new CliError(
        KEPT.find((code) => code === exitCode) ?? EXIT.failed,
        signalCode === null ? words : `it was ended by ${signalCode} while it started; ${file}:\n${words}`,
      );
    }
    const run = readPlatformFile(dataFolder);
    // Another start may have been faster: then this one's child is about to end, and says so.
    const isOurs = ownerOfDataFolder(dataFolder)?.pid === child.pid;
    const stopped = isOurs && run !== null ? await stoppedIn(dataFolder, run) : null;
    if (run !== null && stopped !== null) {
      output.line(
        `Bourse is up at ${run.gatewayUrl}/ as process ${child.pid}; \`bourse down${dataOption(dataFolder)}\` stops it.`,
      );
      noteStopped(output, stopped);
      if (stopped.length > 0) process.exitCode = EXIT.failed;
      const { gatewayUrl, bus } = run;
      const operatorKey = nonEmpty(process.env.BOURSE_OPERATOR_KEY) ?? operatorKeyIn(dataFolder);
      output.result({ gatewayUrl, bus, dataFolder, pid: child.pid, operatorKey, stopped });
      return;
    }
    if (performance.now() > deadline)
      throw new CliError(
        EXIT.failed,
        `it was not up in time; ${file} says more${run === null ? "" : ", and `bourse status` what it waits for"}`,
      );
    await pause();
  }
}

async function stoppedIn(dataFolder: string, { services }: RunFile): Promise<readonly StoppedPart[] | null> {
  const { openDataFolder, stoppedParts } = await import("@bourse/platform");
  return await stoppedParts(services, openDataFolder(dataFolder));
}
