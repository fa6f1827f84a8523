"use strict";
// Finds npm and runs it under a given Node, and says in plain words what went wrong.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { LaunchError } = require("./launch-error.cjs");
const { environmentWith } = require("./run-script.cjs");
const { watchForStandstill } = require("./standstill.cjs");

// Used where the user has no folder to write into: goes with what it was for.
const ownCache = path.join(__dirname, ".npm-cache");
const endWithLaunch = require.resolve("./end-with-launch.cjs");
const attempts = 3;
const keptOutput = 64_000;
const options = [
  "--no-audit",
  "--no-fund",
  "--no-progress",
  "--no-update-notifier",
  // Each download is a line: that is how a standstill is told from slow work.
  "--loglevel=http",
  // Without a network it should say so in seconds, not after minutes of retries.
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/**
 * Runs `npm <args>` in `folder` under `node`. A download that stands still (npm waits for it without end) is
 * ended and begun again: what was complete is in npm's cache.
 * @param {{ node: string, folder: string, args: string[], leftOut: () => string[] }} job `leftOut` names what is
 *   missing although npm is content
 * @returns {Promise<void>} rejects with a LaunchError that tells what to do
 */
async function runNpm({ node, folder, args, leftOut }) {
  for (let attempt = 1; ; attempt++) {
    const { code, output, stoodStill } = await runOnce({ node, folder, args });
    if (stoodStill && attempt < attempts) {
      process.stderr.write("\nA download stands still; beginning again ...\n");
      continue;
    }
    const missing = code === 0 ? leftOut() : [];
    if (code === 0 && missing.length === 0) {
      fs.rmSync(ownCache, { recursive: true, force: true });
      return;
    }
    const said =
      code === 0 ? `npm left out ${missing.join(", ")}` : output.replace(/^npm http .*\n?/gm, "").trim();
    throw new LaunchError(`${said}\n\n${advice(stoodStill ? "ETIMEDOUT" : output)}`.trim());
  }
}

function runOnce({ node, folder, args }) {
  const cli = npmCli();
  const [command, first] = cli === undefined ? ["npm", []] : [node, [cli]];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args, ...options], {
      cwd: folder,
      env: npmEnvironment(node),
      shell: cli === undefined && process.platform === "win32",
      stdio: ["pipe", "pipe", "pipe"],
      windowsHide: true,
    });
    let output = "";
    const watch = watchForStandstill(path.join(folder, "node_modules"), () => child.kill("SIGKILL"));
    const keep = (chunk) => {
      watch.moved();
      output = (output + chunk).slice(-keptOutput);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => {
      watch.end();
      reject(error.code === "ENOENT" ? new LaunchError(npmIsMissing) : error);
    });
    child.on("close", (code) => resolve({ code, output, stoodStill: watch.end() }));
  });
}

/** The npm that started this process, else the one beside Node; undefined leaves it to the PATH. */
function npmCli() {
  const bin = path.dirname(process.execPath);
  const candidates = [
    process.env.npm_execpath,
    path.join(bin, "node_modules", "npm", "bin", "npm-cli.js"),
    path.join(bin, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    path.join(bin, "..", "share", "nodejs", "npm", "bin", "npm-cli.js"),
  ];
  // npm_execpath may name another package manager.
  return candidates.find((file) => file !== undefined && /npm-cli\.c?js$/.test(file) && fs.existsSync(file));
}

function npmEnvironment(node) {
  const env = environmentWith(node);
  // What the outer npm was asked to do (a workspace, a prefix, production only) is not meant for this one.
  const foreign =
    /^npm_(package_|lifecycle_|command$|config_(.*prefix|workspaces?|include.*|omit|only|production|global|location|loglevel|dry_run|package_lock.*|ignore_scripts)$)/i;
  for (const name of Object.keys(env)) {
    if (foreign.test(name) || name === "NODE_ENV") delete env[name];
  }
  env.NODE_OPTIONS = `${env.NODE_OPTIONS ?? ""} --require ${JSON.stringify(endWithLaunch)}`.trim();
  // npm leaves out what it can't keep a copy of, and says nothing where it is optional.
  const cache = env.npm_config_cache ?? path.join(os.homedir(), ".npm");
  return canWriteInto(cache) ? env : { ...env, npm_config_cache: ownCache };
}

function canWriteInto(folder) {
  try {
    fs.mkdirSync(folder, { recursive: true });
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const npmIsMissing =
  "npm was not found. It comes with Node: install Node 20 or later from https://nodejs.org " +
  "(on Debian and Ubuntu also the package npm), then run the same command again.";

function advice(output) {
  const again = "then run the same command again; it goes on from here.";
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|ERR_SOCKET/.test(output)) {
    return `npm could not reach its registry. The first start needs the network: check the connection and, behind a proxy, \`npm config get proxy\` and \`npm config get registry\`, ${again}`;
  }
  if (/CERT_NOT_YET_VALID|CERT_HAS_EXPIRED/.test(output)) {
    return `The registry's certificate is not valid at the time that this machine has (${new Date().toISOString()}). Set the clock, or behind a company's proxy its certificate with \`npm config set cafile <file>\`, ${again}`;
  }
  if (/_CERT|CERT_|certificate/.test(output)) {
    return `npm does not trust the registry's certificate. Behind a company's proxy set its certificate with \`npm config set cafile <file>\`, ${again}`;
  }
  if (/ENOSPC/.test(output)) return `The disk is full: about 1 GB is needed. Make room, ${again}`;
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return `npm may not write here. Give this folder and npm's cache (\`npm config get cache\`) to your user, ${again}`;
  }
  return `npm could not install the packages (its own words are above). Put that right, ${again}`;
}

module.exports = { runNpm };
