import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { EngineJournal } from "./engine-journal.ts";
import { asJavaScript } from "./testing/as-javascript.ts";
import { seededOrders } from "./testing/orders.ts";
import { scratchFolder } from "./testing/scratch.ts";

const FIXTURE = join("testing", "replay-to-hash.fixture.ts");

function replayed(node: string, script: string, folder: string): unknown {
  return JSON.parse(
    execFileSync(node, ["--no-warnings", script, folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
}

/** Another version of Node on this machine. */
function otherNode(): { readonly path: string; readonly version: string } | undefined {
  return ["/usr/local/bin/node", "/usr/bin/node"]
    .filter((path) => existsSync(path))
    .map((path) => ({ path, version: execFileSync(path, ["--version"], { encoding: "utf8" }).trim() }))
    .find(({ version }) => version !== process.version && Number(/^v(\d+)/.exec(version)?.[1]) >= 20);
}

describe("replay is byte-identical", () => {
  function journalOf(folder: string, groupCommands: number): EngineJournal {
    const journal = EngineJournal.open({ folder, read: () => {}, groupCommands, segmentBytes: 50_000 });
    journal.submit(seededOrders(23, 20_000));
    return journal;
  }

  it("in another process, whatever the size of the groups", (t) => {
    const [large, small] = [scratchFolder(t), scratchFolder(t)];
    const journal = journalOf(large, 1_024);
    journal.flush();
    const stateHash = journal.engine.stateHash();
    journal.close();
    journalOf(small, 100).close();
    const script = join(import.meta.dirname, FIXTURE);
    const [left, right] = [large, small].map((folder) => replayed(process.execPath, script, folder)) as [
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    assert.deepEqual({ ...left, chain: "" }, { ...right, chain: "" });
    assert.deepEqual(replayed(process.execPath, script, large), left);
    assert.equal(left.commands, 20_000);
    assert.equal(left.stateHash, stateHash);
  });

  it("in another version of Node", (t) => {
    const other = otherNode();
    if (other === undefined) {
      t.skip("this machine has one version of Node");
      return;
    }
    t.diagnostic(`${process.version} and ${other.version}`);
    const folder = scratchFolder(t);
    journalOf(folder, 256).close();
    const script = asJavaScript(scratchFolder(t), FIXTURE);
    const here = replayed(process.execPath, join(import.meta.dirname, FIXTURE), folder);
    assert.deepEqual(replayed(other.path, script, folder), here);
  });
});
