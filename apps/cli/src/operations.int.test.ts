import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { definitions, stopPlatform } from "@bourse/platform";
import { choosePorts } from "@bourse/ports";
import { removeData } from "./data-folder.ts";
import { operationsDocuments } from "./testing/operations-documents.ts";
import { type BlockRunner, blockRunner, describeOutcome } from "./testing/run-blocks.ts";
import { type ShellBlock, shellBlocks } from "./testing/shell-blocks.ts";

/** In CI nothing is skipped: there its absence fails. */
const skip = process.env.CI !== "true" && spawnSync("curl", ["--version"]).error ? "there is no curl" : false;

describe("the commands of the operators' documents, on a platform in one process", {
  skip,
  timeout: 590_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-operations-"));
  const data = join(folder, "data");
  let runner: BlockRunner;

  before(async () => {
    const ports = await choosePorts(definitions.length + 1);
    const urls = new Map(definitions.map(({ port }, nth) => [port, `http://127.0.0.1:${ports[nth]}`]));
    const addresses = definitions.map(
      ({ name, port }) => [`${name.toUpperCase().replaceAll("-", "_")}_URL`, urls.get(port)] as const,
    );
    mkdirSync(data);
    runner = blockRunner({
      folder,
      env: {
        ...process.env,
        ...Object.fromEntries(addresses),
        BOURSE_DATA: data,
        BOURSE_URL: "",
        BOURSE_KEY: "",
        CONSOLE_URL: `http://127.0.0.1:${ports.at(-1)}`,
        DATABASE_URL: "",
        KAFKA_BOOTSTRAP_SERVERS: "",
        INIT_CWD: "",
      },
      urlOf: (port) => urls.get(port) ?? `http://127.0.0.1:${port}`,
    });
  });
  after(async () => {
    await stopPlatform(data);
    await removeData(data);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { path, text } of operationsDocuments()) {
    it(path, async () => {
      const blocks = shellBlocks(path, text).filter(({ mode }) => mode === "run");
      const failed = await runner.run(blocks);
      if (failed !== null) assert.fail(describeOutcome(failed));
    });
  }

  it("would fail for a command that is not there, and for one that ends otherwise than it says", async () => {
    for (const [planted, says] of [
      ["npx bourse stauts", /unknown command 'stauts'/],
      ["npx something-else", /exit code 127/],
      ["npx bourse verify --patience never | cat", /--patience/],
      ["false; true", /exit code 1/],
    ] as const) {
      const block: ShellBlock = { path: "planted.md", line: 1, mode: "run", exits: 0, text: planted };
      const failed = await runner.run([block]);
      assert.ok(failed !== null, planted);
      assert.match(describeOutcome(failed), says);
    }
    const wrongExit: ShellBlock = { path: "planted.md", line: 1, mode: "run", exits: 1, text: "true" };
    assert.equal((await runner.run([wrongExit]))?.code, 0);
  });
});
