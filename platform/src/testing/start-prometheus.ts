import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { choosePorts } from "@bourse/ports";
import type { DebianProgram } from "./debian-program.ts";
import { serveProgram } from "./served-program.ts";

export const PROMETHEUS: DebianProgram = {
  title: "Prometheus",
  name: "prometheus",
  file: "usr/bin/prometheus",
  variable: "BOURSE_PROMETHEUS",
  megabytes: 19,
  needsLibraries: false,
};

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

/**
 * How often it scrapes, looks for other pages and evaluates its rules. A page has as long to answer, and on a machine that
 * is busy with other tests it takes some of that.
 */
const EVERY = "1s";

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
  const [port = 0] = await choosePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const { stop } = await serveProgram({
    title: PROMETHEUS.title,
    program,
    arguments: [
      "--config.file=prometheus.yml",
      "--storage.tsdb.path=data",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=warn",
    ],
    folder,
    readyUrl: `${url}/-/ready`,
  });
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
    stop,
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
