"use strict";
// How the processes of a stream run: `bourse process` and `bourse produce`.

/**
 * A stream makes few objects that live and much that does not, most of it bytes outside the heap, which count against it. A
 * small young generation is looked through often, and gives those bytes back before they make the collector mark the whole
 * heap: with 24 MB of young objects they do that six times a second. Of those bytes, blocks of a quarter of a megabyte or more
 * go back to the system when they are free: the C library would keep them, for blocks of up to 32 MB, and in pieces.
 * @param {string[]} args the command's
 * @returns {{ flags: string[], env: Record<string, string> }} flags of Node, and what is added to its environment
 */
function streamProcess([command]) {
  return command === "process" || command === "produce"
    ? { flags: ["--max-semi-space-size=2"], env: { MALLOC_MMAP_THRESHOLD_: "262144" } }
    : { flags: [], env: {} };
}

module.exports = { streamProcess };
