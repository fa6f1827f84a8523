"use strict";
// One installation at a time per work tree. The lock is a file whose holder touches it while it works; a lock
// whose holder is gone is taken over.

const { randomUUID } = require("node:crypto");
const fs = require("node:fs");
const os = require("node:os");
const { setTimeout: wait } = require("node:timers/promises");

const pollMs = 250;
const touchMs = 2_000;
// A sleeping laptop stops the holder's touching too: it has to stay silent this long while the waiter watches.
const silentForMs = 30_000;

/**
 * Runs `work` while this process, and no other, holds the lock at `file`.
 * @param {string} file
 * @param {() => Promise<void>} work
 */
async function withInstallLock(file, work) {
  const own = await acquire(file);
  const toucher = setInterval(() => touch(file), touchMs);
  // One that was stopped for long finds another's lock in the place of its own.
  const release = () => {
    if (look(file)?.text === own) fs.rmSync(file, { force: true });
  };
  // An interrupted installation leaves no lock behind; node_modules has no stamp, so the next launch repeats it.
  const stop = (signal) => {
    release();
    process.exit(128 + os.constants.signals[signal]);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stop);
  try {
    await work();
  } finally {
    clearInterval(toucher);
    for (const signal of signals) process.off(signal, stop);
    release();
  }
}

/** @returns {Promise<string>} what the lock says of its holder, which no other lock says */
async function acquire(file) {
  const own = JSON.stringify({ id: randomUUID(), pid: process.pid, host: os.hostname() });
  let told = false;
  let watched = { text: "", mtimeMs: 0, sinceMs: 0 };
  for (;;) {
    if (createExclusively(file, own)) return own;
    const seen = look(file);
    if (seen === undefined) continue;
    if (seen.text !== watched.text || seen.mtimeMs !== watched.mtimeMs) {
      watched = { ...seen, sinceMs: monotonicMs() };
    }
    if (holderIsGone(seen.text) || monotonicMs() - watched.sinceMs > silentForMs) {
      removeIfStill(file, seen.text);
      continue;
    }
    if (!told) {
      process.stderr.write("Another launch is installing; waiting for it ...\n");
      told = true;
    }
    await wait(pollMs);
  }
}

function createExclusively(file, text) {
  // Written beside and linked, so that nobody ever reads a half-written lock.
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  try {
    fs.linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/** Two waiters may find the same dead lock: only one of them may remove it, and never a new holder's. */
function removeIfStill(file, text) {
  const guard = `${file}.takeover`;
  try {
    fs.mkdirSync(guard);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    const made = fs.statSync(guard, { throwIfNoEntry: false });
    if (made !== undefined && Date.now() - made.mtimeMs > silentForMs)
      fs.rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (look(file)?.text === text) fs.rmSync(file, { force: true });
  } finally {
    fs.rmSync(guard, { recursive: true, force: true });
  }
}

function look(file) {
  try {
    return { text: fs.readFileSync(file, "utf8"), mtimeMs: fs.statSync(file).mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function holderIsGone(text) {
  let holder;
  try {
    holder = JSON.parse(text);
  } catch {
    return true;
  }
  if (holder.host !== os.hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

function touch(file) {
  const now = new Date();
  try {
    fs.utimesSync(file, now, now);
  } catch {
    // The lock was taken over or its folder removed: the installation itself will say what is wrong.
  }
}

function monotonicMs() {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

module.exports = { withInstallLock };
