import { spawn } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { PROJECT_ROOT } from "../command-process.ts";
import { type BenchedPlatform, CLI_ENTRY } from "./benched-platform.ts";
import { generatedRecording } from "./generated-recording.ts";

const RECORDED_DAY = join(PROJECT_ROOT, "../shared/data/lobster-engine-streams/AMZN-full-l5.csv.gz");
const GENERATED_COMMANDS = 231_579;

/** What the replay command reports, as far as it matters here. */
export interface ReplayResult {
  readonly recording: "NASDAQ day" | "generated";
  readonly commands: number;
  readonly rejected: number;
  readonly aggressorsExpected: number;
  readonly aggressorsEqual: number;
  readonly trades: number;
  readonly settlements: number;
  /** From the first command until everything is settled and quiet. */
  readonly commandsPerSecond: number;
  readonly seconds: number;
  /** Until the last command was acknowledged. */
  readonly sendSeconds: number;
}

/** Runs `bourse replay` against the platform, in its own process like any user. */
export async function replay(platform: BenchedPlatform, commands: number | null): Promise<ReplayResult> {
  const recorded = existsSync(RECORDED_DAY);
  const file = recorded ? RECORDED_DAY : await generate(join(platform.dataFolder, "generated.csv"), commands);
  const first = commands === null ? [] : ["--first", String(commands)];
  const args = ["replay", file, "--url", platform.gatewayUrl, "--no-verify", "--json", ...first];
  const output = await run([CLI_ENTRY, ...args], { BOURSE_KEY: platform.operatorKey });
  const report = JSON.parse(output.trimEnd().split("\n").at(-1) ?? "") as ReplayResult;
  if (report.rejected > 0 || report.aggressorsEqual !== report.aggressorsExpected)
    throw new Error(`the replay went wrong: ${JSON.stringify(report)}`);
  return { ...report, recording: recorded ? "NASDAQ day" : "generated" };
}

async function generate(file: string, commands: number | null): Promise<string> {
  const lines = generatedRecording({ seed: 1, commands: commands ?? GENERATED_COMMANDS });
  await pipeline(
    Readable.from(lines).map((line) => `${line}\n`),
    createWriteStream(file),
  );
  return file;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors = (errors + chunk).slice(-2_000);
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`the replay ended with code ${code}: ${errors}${output.slice(-2_000)}`));
    });
  });
}
