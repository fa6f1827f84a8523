"use strict";
// Whether node_modules is what package-lock.json wants. A stamp inside node_modules answers at once; without
// one (somebody ran npm by hand), npm's own record of what it installed is compared with the lock.

const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const stampName = ".bourse-installed";

/** @param {string} folder a folder with package.json and package-lock.json */
function isCurrent(folder) {
  const lock = readText(path.join(folder, "package-lock.json"));
  if (lock === undefined) return false;
  if (readText(path.join(folder, "node_modules", stampName)) === stampOf(lock)) return true;
  if (missingFrom(folder).length > 0) return false;
  writeStamp(folder);
  return true;
}

/**
 * What the lock file wants and npm has not installed: names of folders. npm leaves out an optional package that it
 * could not download, and says nothing.
 */
function missingFrom(folder) {
  const wanted = JSON.parse(readText(path.join(folder, "package-lock.json"))).packages;
  const installed = recordIn(folder);
  return Object.keys(wanted).filter(
    (where) =>
      where.includes("node_modules/") && !isInstalled(folder, where, wanted[where], installed[where]),
  );
}

/** What npm says it has installed. A full disk or a kill leaves a record that is cut off: then nothing is known. */
function recordIn(folder) {
  try {
    return (
      JSON.parse(readText(path.join(folder, "node_modules", ".package-lock.json")) ?? "{}").packages ?? {}
    );
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Remembers that node_modules now is what package-lock.json says. */
function writeStamp(folder) {
  const lock = readText(path.join(folder, "package-lock.json"));
  try {
    fs.writeFileSync(path.join(folder, "node_modules", stampName), stampOf(lock ?? ""));
  } catch {
    // Where another user has installed it, or the disk is full: npm's record is compared every time.
  }
}

function stampOf(lock) {
  const digest = createHash("sha256").update(lock).digest("hex");
  return `${process.platform} ${process.arch} ${digest}\n`;
}

function isInstalled(folder, where, wanted, have) {
  if (have === undefined) return mayBeMissing(wanted);
  if (wanted.link) return have.link === true && fs.existsSync(path.join(folder, where));
  return have.version === wanted.version && have.integrity === wanted.integrity;
}

/** An optional package may be left out, except a native one for this platform: an older Node skips those. */
function mayBeMissing({ optional, os, cpu, libc }) {
  if (!optional) return false;
  const isNative = os !== undefined || cpu !== undefined || libc !== undefined;
  const fits = admits(os, process.platform) && admits(cpu, process.arch) && admits(libc, libcFamily());
  return !(isNative && fits);
}

/** npm's lists name what they admit, or with "!" what they do not. */
function admits(list, value) {
  if (list === undefined || value === undefined) return true;
  const names = [list].flat();
  if (names.includes(`!${value}`)) return false;
  const positive = names.filter((name) => !name.startsWith("!"));
  return positive.length === 0 || positive.includes(value);
}

function libcFamily() {
  if (process.platform !== "linux") return undefined;
  return process.report.getReport().header.glibcVersionRuntime ? "glibc" : "musl";
}

function readText(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw error;
  }
}

module.exports = { isCurrent, missingFrom, writeStamp };
