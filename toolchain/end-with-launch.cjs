"use strict";
// Loaded by npm before anything else. Its input is a pipe that only the launch holds: when that has ended, however it
// did, npm ends too. Left alone it would go on in node_modules, under the hands of the next launch.

const { Socket } = require("node:net");

if (process.stdin instanceof Socket) {
  process.stdin
    .on("error", () => {})
    .on("close", () => process.kill(process.pid, "SIGKILL"))
    .resume()
    .unref();
}
