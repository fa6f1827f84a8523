"use strict";
// The project's dependencies, as package-lock.json has them. They are installed under Node 26: an older one
// silently leaves out native packages whose `engines` exclude it.

const { installFolder } = require("./install.cjs");
const { isCurrent } = require("./installed.cjs");

/**
 * @param {string} root
 * @param {string} node the Node to install with
 */
async function bringDependencies(root, node) {
  if (isCurrent(root)) return;
  await installFolder({ folder: root, root, node, what: "the project's dependencies" });
}

module.exports = { bringDependencies };
