"use strict";
// Notices that an installation no longer moves: no word from npm, and no file that grows.

const fs = require("node:fs");
const path = require("node:path");

const lookEveryMs = 10_000;
const looksWithoutMove = 12;

/**
 * @param {string} folder what grows while it is well
 * @param {() => void} onStandstill called once, after two minutes without a move
 * @returns {{ moved: () => void, end: () => boolean }} `end` says whether it stood still
 */
function watchForStandstill(folder, onStandstill) {
  let quietLooks = 0;
  let lastBytes = 0;
  let stoodStill = false;
  const timer = setInterval(() => {
    const bytes = bytesIn(folder);
    quietLooks = bytes === lastBytes ? quietLooks + 1 : 0;
    lastBytes = bytes;
    if (quietLooks < looksWithoutMove || stoodStill) return;
    stoodStill = true;
    onStandstill();
  }, lookEveryMs);
  return {
    moved() {
      quietLooks = 0;
    },
    end() {
      clearInterval(timer);
      return stoodStill;
    },
  };
}

function bytesIn(folder) {
  let bytes = 0;
  for (const entry of entriesOf(folder)) {
    const where = path.join(folder, entry.name);
    if (entry.isDirectory()) bytes += bytesIn(where);
    else if (entry.isFile()) bytes += fs.statSync(where, { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}

function entriesOf(folder) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    // It comes and goes while npm works.
    return [];
  }
}

module.exports = { watchForStandstill };
