#!/usr/bin/env node
"use strict";
// The `bourse` command: `npx bourse ...` in this repository, before and after anything is installed.

const { launch } = require("./launch.cjs");
const { commandProcess } = require("./command-process.cjs");

const args = process.argv.slice(2);
void launch("apps/cli/src/main.ts", args, commandProcess(args));
