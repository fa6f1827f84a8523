#!/usr/bin/env node
"use strict";
// The `bourse` command: `npx bourse ...` in this repository, before and after anything is installed.

const { launch } = require("./launch.cjs");

void launch("apps/cli/src/main.ts", process.argv.slice(2));
