"use strict";
// How the processes of a stream run: `bourse process` and `bourse produce`.

/**
 * A stream makes few objects that live and much that does not, most of it bytes outside the heap, which count against it. A
 * small young generation is looked through often, and gives those bytes back before they make the collector mark the whole
 * heap: in one of 24 MB they do that six times a second. Two arenas: memory that one thread gives back is another's.
 * @param {string[]} args the command's
 * @returns {{ flags: string[], env: Record<string, string> }}
 */
function streamSettings([command]) {
  if (command !== "process" && command !== "produce") return { flags: [], env: {} };
  return { flags: ["--max-semi-space-size=2"], env: { MALLOC_ARENA_MAX: "2" } };
}

module.exports = { streamSettings };
