"use strict";
// How the processes of a stream run: `bourse process` and `bourse produce`.

/**
 * A stream makes few objects that live and much that does not, most of it bytes outside the heap, which count against it. A
 * small young generation is looked through often, and gives those bytes back before they make the collector mark the whole
 * heap: with 24 MB of young objects they do that six times a second.
 * @param {string[]} args the command's
 * @returns {string[]} flags of Node
 */
function streamFlags([command]) {
  return command === "process" || command === "produce" ? ["--max-semi-space-size=2"] : [];
}

module.exports = { streamFlags };
