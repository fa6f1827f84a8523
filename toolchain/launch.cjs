"use strict";
// Runs one of the project's TypeScript files, on a machine that may have nothing but an older Node and npm:
//
//   node toolchain/launch.cjs <script> [args...]
//
// Node 26 and the dependencies are brought first, where they are missing. This folder is plain JavaScript
// because it is read by the Node that the machine has (20 or later), and uses nothing outside Node itself.

const path = require("node:path");
const { LaunchError } = require("./launch-error.cjs");
const { bringNode } = require("./bring-node.cjs");
const { bringDependencies } = require("./bring-dependencies.cjs");
const { runScript } = require("./run-script.cjs");

const root = path.resolve(__dirname, "..");

/**
 * Brings what is missing, runs `script` (a path from the repository's root) and ends as it ends.
 * @param {string} script
 * @param {string[]} args
 * @param {{ flags?: string[], env?: Record<string, string> }} [own] of its Node
 */
async function launch(script, args, own = {}) {
  try {
    const node = await bringNode(root);
    await bringDependencies(root, node);
    await runScript({ node, script: path.join(root, script), args, cwd: userFolder(), ...own });
  } catch (error) {
    const advice = error instanceof LaunchError ? "" : adviceOn[error.code];
    if (advice === undefined) throw error;
    process.stderr.write(`\n${error.message}\n${advice}`);
    process.exitCode = 1;
  }
}

const again = "then run the same command again; it goes on from here.";
const mayNotWrite = `\nThis folder can't be written to. Give ${root} to your user, ${again}\n`;
/** What helps, by the system's word for what went wrong here, before a script of the project has run. */
const adviceOn = {
  EACCES: mayNotWrite,
  EPERM: mayNotWrite,
  EROFS: mayNotWrite,
  ENOSPC: `\nThe disk is full: about 1 GB is needed. Make room, ${again}\n`,
};

/** Where the person stands: npm moves to the root before it runs a script, and says where it came from. */
function userFolder() {
  const here = process.cwd();
  const before = process.env.INIT_CWD;
  return here === root && before ? before : here;
}

module.exports = { launch };

if (require.main === module) {
  const [script, ...args] = process.argv.slice(2);
  if (script === undefined) {
    process.stderr.write("usage: node toolchain/launch.cjs <script> [args...]\n");
    process.exitCode = 2;
  } else {
    void launch(script, args);
  }
}
