import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { removeDataFolder } from "@bourse/store/local-postgres";
import { startCluster } from "./start-cluster.ts";

it("a service that is killed while it starts ends the start at once", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "bourse-killed-"));
  const data = join(folder, "data");
  t.after(() => {
    removeDataFolder(join(data, "postgres"));
    rmSync(folder, { recursive: true, force: true });
  });
  const entry = join(folder, "killed.js");
  writeFileSync(entry, "process.kill(process.pid, 'SIGKILL');");
  await assert.rejects(
    startCluster({
      entry,
      dataFolder: data,
      bus: "kafka",
      demo: false,
      ports: "free",
      host: "127.0.0.1",
      env: { ...process.env, KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" },
      progress: () => undefined,
    }),
    /was ended by SIGKILL/,
  );
});
