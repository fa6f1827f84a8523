"use strict";

/** What a person can put right: printed as it is, without a stack. */
class LaunchError extends Error {}

module.exports = { LaunchError };
