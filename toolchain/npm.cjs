"use strict";
// Finds npm and runs it, with Node 26 first on its PATH, and says in plain words what went wrong.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { LaunchError } = require("./launch-error.cjs");
const { environmentWith } = require("./run-script.cjs");

const keptOutput = 8_000;
// Without a network it should say so in seconds, not after minutes of retries.
const quietly = [
  "--no-audit",
  "--no-fund",
  "--no-progress",
  "--no-update-notifier",
  "--loglevel=error",
  "--fetch-retry-mintimeout=1000",
  "--fetch-retry-maxtimeout=5000",
];

/**
 * @param {{ node: string, folder: string, args: string[] }} job runs `npm <args>` in `folder` under `node`
 * @returns {Promise<void>} rejects with a LaunchError that tells what to do
 */
async function runNpm({ node, folder, args }) {
  const all = [...args, ...quietly];
  const cli = npmCli();
  const [command, commandArgs] = cli === undefined ? ["npm", all] : [node, [cli, ...all]];
  const { code, output } = await run(command, commandArgs, {
    cwd: folder,
    env: npmEnvironment(node),
    shell: cli === undefined && process.platform === "win32",
  });
  if (code !== 0) throw new LaunchError(`${output.trim()}\n\n${advice(output)}`.trim());
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
    /^npm_(package|lifecycle|command|config_(.*prefix|workspaces?|include.*|omit|only|production|global|location|loglevel|dry_run|package_lock.*|ignore_scripts))/i;
  for (const name of Object.keys(env)) {
    if (foreign.test(name) || name === "NODE_ENV") delete env[name];
  }
  return env;
}

function run(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-keptOutput);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    child.on("error", (error) => {
      if (error.code !== "ENOENT") return reject(error);
      reject(
        new LaunchError(
          "npm was not found. It comes with Node: install Node 20 or later from https://nodejs.org " +
            "(on Debian and Ubuntu also the package npm), then run the same command again.",
        ),
      );
    });
    child.on("close", (code) => resolve({ code, output }));
  });
}

function advice(output) {
  const again = "then run the same command again; it goes on from here.";
  if (/ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|network/i.test(output)) {
    return `npm could not reach its registry. The first start needs the network: check the connection and, behind a proxy, \`npm config get proxy\` and \`npm config get registry\`, ${again}`;
  }
  if (/CERT|certificate/i.test(output)) {
    return `npm does not trust the registry's certificate. Behind a company's proxy set its certificate with \`npm config set cafile <file>\`, ${again}`;
  }
  if (/ENOSPC/.test(output)) return `The disk is full: about 1 GB is needed. Make room, ${again}`;
  if (/EACCES|EPERM|EROFS/.test(output)) {
    return `npm may not write here. Give this folder and npm's cache (\`npm config get cache\`) to your user, ${again}`;
  }
  return `npm could not install the packages (its own words are above). Put that right, ${again}`;
}

module.exports = { runNpm };
