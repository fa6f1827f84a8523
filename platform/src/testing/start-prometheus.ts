import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

/** One page of figures that a test wants scraped, with labels of its own. */
export interface ScrapedPage {
  /** `host:port`. */
  readonly address: string;
  readonly path: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface FiringAlert {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A real Prometheus that scrapes and evaluates several times a second. */
export interface TestPrometheus {
  /** From now on these are scraped and no others. */
  scrape(pages: readonly ScrapedPage[]): void;
  firing(): Promise<readonly FiringAlert[]>;
  /** Results of a query: the labels and the value of each series. */
  query(
    expression: string,
  ): Promise<readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[]>;
  /** Pages whose last scrape went well. */
  healthy(): Promise<number>;
  stop(): Promise<void>;
}

/** How often it scrapes, looks for other pages and evaluates its rules. */
const EVERY = "250ms";
const START_LIMIT_MS = 20_000;

/** `rules` is a rules file's text. Rejects with what Prometheus said where it does not like them. */
export async function startPrometheus(options: {
  readonly program: string;
  readonly folder: string;
  readonly rules: string;
}): Promise<TestPrometheus> {
  const { program, folder } = options;
  writeFileSync(join(folder, "rules.yml"), options.rules);
  writeFileSync(join(folder, "pages.json"), "[]");
  writeFileSync(join(folder, "prometheus.yml"), CONFIG);
  const port = await freePort();
  const child = spawn(
    program,
    [
      "--config.file=prometheus.yml",
      "--storage.tsdb.path=data",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  const kill = (): boolean => child.kill("SIGKILL");
  process.once("exit", kill);
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-4_000);
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child, () => said);
  return {
    scrape: (pages) => writeFileSync(join(folder, "pages.json"), JSON.stringify(pages.map(targetOf))),
    firing: async () => {
      const { alerts } = await ask<{ alerts: readonly Alert[] }>(`${url}/api/v1/alerts`);
      return alerts
        .filter(({ state }) => state === "firing")
        .map(({ labels: { alertname = "", ...labels } }) => ({ name: alertname, labels }));
    },
    query: async (expression) => {
      const { result } = await ask<{ result: readonly Sample[] }>(
        `${url}/api/v1/query?${new URLSearchParams({ query: expression })}`,
      );
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
    healthy: async () => {
      const { activeTargets } = await ask<{ activeTargets: readonly { health: string }[] }>(
        `${url}/api/v1/targets`,
      );
      return activeTargets.filter(({ health }) => health === "up").length;
    },
    stop: async () => {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      kill();
      await ended;
    },
  };
}

const CONFIG = `global:
  scrape_interval: ${EVERY}
  scrape_timeout: ${EVERY}
  evaluation_interval: ${EVERY}
rule_files: [rules.yml]
scrape_configs:
  - job_name: bourse
    honor_labels: true
    file_sd_configs:
      - files: [pages.json]
        refresh_interval: ${EVERY}
`;

interface Alert {
  readonly state: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

function targetOf({ address, path, labels }: ScrapedPage): object {
  return { targets: [address], labels: { ...labels, __metrics_path__: path } };
}

async function ask<T>(url: string): Promise<T> {
  const answer = await fetch(url);
  const body = (await answer.json()) as { status: string; error?: string; data: T };
  if (body.status !== "success") throw new Error(`${url}: ${body.error}`);
  return body.data;
}

async function untilReady(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const giveUpAt = performance.now() + START_LIMIT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with ${child.exitCode}: ${said()}`);
    const isReady = await fetch(`${url}/-/ready`).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.ok;
      },
      () => false,
    );
    if (isReady) return;
    if (performance.now() > giveUpAt) throw new Error(`Prometheus was not ready in time: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** It can't be told to take any, and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
