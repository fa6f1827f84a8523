#!/usr/bin/env node
"use strict";
// The `bourse` command: `npx bourse ...` in this repository, before and after anything is installed.

const { launch } = require("./launch.cjs");
const { streamProcess } = require("./stream-process.cjs");

const args = process.argv.slice(2);
void launch("apps/cli/src/main.ts", args, streamProcess(args));
