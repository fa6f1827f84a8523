"use strict";
// The project's dependencies, as package-lock.json has them. They are installed under Node 26: an older one
// silently leaves out native packages whose `engines` exclude it.

const { installFolder, isInstalled } = require("./install.cjs");

/**
 * @param {string} root
 * @param {string} node the Node to install with
 */
async function bringDependencies(root, node) {
  if (isInstalled(root)) return;
  await installFolder({ folder: root, root, node, what: "the project's dependencies" });
}

module.exports = { bringDependencies };
