import asyncHooks, { AsyncLocalStorage, createHook, executionAsyncId } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { childrenEndWithUs } from "@bourse/processes";

/** Loaded before a test file. One that is killed runs no hook of its own: what it has started would go on. */
childrenEndWithUs();

/**
 * Node's test runner finds out which test an uncaught error is of by a hook at every promise
 * that is made, kept and collected: a third of the processor time of tests that run a platform in their own process. An
 * asynchronous context tells it the same, and V8 carries that along anyhow.
 */
const runningTest = new AsyncLocalStorage<number>();
tracingChannel<object, number>("node.test").start.bindStore(runningTest, executionAsyncId);
Object.assign(asyncHooks, {
  createHook: (hook: Parameters<typeof createHook>[0]) => createHook({ ...hook, trackPromises: false }),
  executionAsyncId: () => runningTest.getStore() ?? executionAsyncId(),
});
