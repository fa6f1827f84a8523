"use strict";
// How the process of a `bourse` command runs.

/**
 * The platform in one process: what is in flight survives a young generation of the usual size, is moved and moved again, and
 * then dies among the old. Twice as large it costs 50 MB and saves a tenth of Node's time under load
 * (docs/decisions/0042).
 */
const PLATFORM = { flags: ["--max-semi-space-size=64"], env: {} };

/**
 * A stream makes few objects that live and much that does not, most of it bytes outside the heap, which count against it. A
 * small young generation is looked through often, and gives those bytes back before they make the collector mark the whole
 * heap: with 24 MB of young objects they do that six times a second. Of those bytes, blocks of a quarter of a megabyte or more
 * go back to the system when they are free: the C library would keep them, for blocks of up to 32 MB, and in pieces.
 */
const STREAM = { flags: ["--max-semi-space-size=2"], env: { MALLOC_MMAP_THRESHOLD_: "262144" } };

const OTHER = { flags: [], env: {} };

/**
 * @param {readonly string[]} args the command's
 * @returns {{ flags: string[], env: Record<string, string> }} flags of Node, and what is added to its environment
 */
function commandProcess([command, ...options]) {
  switch (command) {
    case "up":
      // A service by itself has less in flight.
      return options.some((option) => option.startsWith("--only")) ? OTHER : PLATFORM;
    case "process":
    case "produce":
      return STREAM;
    default:
      return OTHER;
  }
}

module.exports = { commandProcess };
