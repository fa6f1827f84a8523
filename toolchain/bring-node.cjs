"use strict";
// Node 26: the one that is running where it is new enough, else the one that toolchain/node/ locks.

const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { installFolder } = require("./install.cjs");
const { isCurrent } = require("./installed.cjs");
const { LaunchError } = require("./launch-error.cjs");

const wantedMajor = 26;

/**
 * @param {string} root
 * @returns {Promise<string>} the path of a Node 26
 */
async function bringNode(root) {
  if (Number(process.versions.node.split(".")[0]) >= wantedMajor) return process.execPath;
  const folder = path.join(root, "toolchain", "node");
  const binary = binaryIn(folder);
  if (isCurrent(folder) && fs.existsSync(binary)) return binary;
  await installFolder({
    folder,
    root,
    node: process.execPath,
    what: `Node ${wantedMajor} (this machine has ${process.versions.node})`,
  });
  assertRuns(binary, folder);
  return binary;
}

function binaryIn(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const platform = process.platform === "win32" ? "win" : process.platform;
  const suffix = `-${platform}-${process.arch}`;
  const name = Object.keys(manifest.optionalDependencies).find((candidate) => candidate.endsWith(suffix));
  if (name === undefined) {
    throw new LaunchError(
      `There is no Node ${wantedMajor} package for ${process.platform} on ${process.arch}.\n` +
        `Install Node ${wantedMajor} by hand, put it first on the PATH and run the same command again.`,
    );
  }
  return path.join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
}

/** What does not run goes again: the next launch would take it for Node and begin with it. */
function assertRuns(binary, folder) {
  const { status, error, stderr } = spawnSync(binary, ["--version"], { encoding: "utf8" });
  if (status === 0) return;
  fs.rmSync(path.join(folder, "node_modules"), { recursive: true, force: true });
  throw new LaunchError(
    `The Node ${wantedMajor} that npm brought does not run on this system` +
      ` (${(error?.message ?? stderr ?? "").trim() || `it ended with ${status}`}).\n` +
      `Install Node ${wantedMajor} by hand, put it first on the PATH and run the same command again.`,
  );
}

module.exports = { bringNode };
