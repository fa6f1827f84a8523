import { testServer } from "@bourse/store/testing";
import { suiteOf } from "./test-files.ts";

/** Starts once what many test files need, and tells them by the environment. What is given already is kept. */
export async function startTestServers(files: readonly string[]): Promise<void> {
  if (files.some((file) => suiteOf(file) === "int")) {
    process.env.BOURSE_TEST_DATABASE_URL = await testServer();
  }
}
