import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { choosePorts } from "@bourse/ports";
import { removedWithUs } from "@bourse/processes";
import type { DebianProgram } from "./debian-program.ts";
import { serveProgram } from "./served-program.ts";

export const CLICKHOUSE: DebianProgram = {
  title: "ClickHouse",
  name: "clickhouse-server",
  file: "usr/sbin/clickhouse-server",
  variable: "BOURSE_CLICKHOUSE",
  megabytes: 17,
  needsLibraries: true,
};

/** A real ClickHouse with little memory, in a folder that goes with it. */
export interface TestClickHouse {
  /** Of its HTTP interface. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Rejects with what ClickHouse said where it does not start. */
export async function startClickHouse(program: string): Promise<TestClickHouse> {
  const folder = mkdtempSync(join(tmpdir(), "bourse-clickhouse-"));
  const letStay = removedWithUs(folder);
  const remove = (): void => {
    rmSync(folder, { recursive: true, force: true });
    letStay();
  };
  const [port = 0] = await choosePorts(1);
  const url = `http://127.0.0.1:${port}`;
  writeFileSync(join(folder, "config.xml"), serverConfig(port));
  writeFileSync(join(folder, "users.xml"), USERS);
  try {
    const served = await serveProgram({
      title: CLICKHOUSE.title,
      program,
      arguments: ["--config-file=config.xml"],
      folder,
      readyUrl: `${url}/ping`,
    });
    return { url, stop: () => served.stop().then(remove) };
  } catch (error) {
    remove();
    throw error;
  }
}

/** `yandex` is the root's name in old versions, and new ones take it too. */
function serverConfig(port: number): string {
  return `<yandex>
  <logger><level>warning</level><console>1</console></logger>
  <listen_host>127.0.0.1</listen_host>
  <http_port>${port}</http_port>
  <path>data/</path>
  <tmp_path>tmp/</tmp_path>
  <users_config>users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <max_concurrent_queries>16</max_concurrent_queries>
  <mark_cache_size>8388608</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
</yandex>
`;
}

const USERS = `<yandex>
  <profiles>
    <default>
      <max_memory_usage>268435456</max_memory_usage>
      <max_threads>1</max_threads>
      <background_pool_size>2</background_pool_size>
      <background_schedule_pool_size>1</background_schedule_pool_size>
    </default>
  </profiles>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
    </default>
  </users>
  <quotas><default></default></quotas>
</yandex>
`;
