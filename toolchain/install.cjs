"use strict";
// `npm ci` in a folder, once, also when two launches come at the same time.

const path = require("node:path");
const { isCurrent, missingFrom, writeStamp } = require("./installed.cjs");
const { withInstallLock } = require("./install-lock.cjs");
const { runNpm } = require("./npm.cjs");

/**
 * @param {{ folder: string, root: string, node: string, what: string }} job `node` runs npm, `what` is told
 *   to the person who waits.
 */
async function installFolder({ folder, root, node, what }) {
  await withInstallLock(path.join(root, "toolchain", ".install-lock"), async () => {
    if (isCurrent(folder)) return;
    const told = tell(`Bringing ${what}`);
    try {
      // Install scripts stay off: whatever a package needs after unpacking is done where it is used.
      await runNpm({
        node,
        folder,
        args: ["ci", "--ignore-scripts", "--include=dev", "--include=optional"],
        leftOut: () => missingFrom(folder),
      });
      writeStamp(folder);
    } finally {
      told();
    }
  });
}

/** One line on the error stream, which keeps counting seconds where a person looks at it. */
function tell(what) {
  const start = process.hrtime.bigint();
  const seconds = () => Number((process.hrtime.bigint() - start) / 1_000_000_000n);
  if (!process.stderr.isTTY) {
    process.stderr.write(`${what} ...\n`);
    return () => {};
  }
  const show = () => process.stderr.write(`\r${what} ... ${seconds()} s`);
  show();
  const timer = setInterval(show, 1000);
  return () => {
    clearInterval(timer);
    show();
    process.stderr.write("\n");
  };
}

module.exports = { installFolder };
