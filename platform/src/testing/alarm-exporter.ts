import { once } from "node:events";
import { createServer } from "node:http";
import type { AlarmCase } from "./alarm-cases.ts";
import type { ScrapedPage } from "./start-prometheus.ts";

/** Pages in Prometheus' text format, one for each case, sound until they are told to be broken. */
export interface AlarmExporter {
  readonly pages: readonly ScrapedPage[];
  breakAll(): void;
  mendAll(): void;
  close(): Promise<void>;
}

export async function startAlarmExporter(cases: Readonly<Record<string, AlarmCase>>): Promise<AlarmExporter> {
  let broken = false;
  const counters = new Map<string, number>();
  const grown = (name: string, by: number): number => {
    const value = (counters.get(name) ?? 0) + by;
    counters.set(name, value);
    return value;
  };
  const server = createServer((request, answer) => {
    const name = request.url?.slice(1) ?? "";
    const page = cases[name];
    if (page === undefined || (page === "unreachable" && broken)) {
      answer.writeHead(503).end();
      return;
    }
    answer.writeHead(200, { "content-type": "text/plain; version=0.0.4" });
    const lines = Object.entries(page === "unreachable" ? {} : page).flatMap(([series, states]) => {
      const state = broken ? states.broken : states.sound;
      if (state === null) return [];
      const value = typeof state === "number" ? state : grown(`${name} ${series}`, state.grows);
      return [`${series} ${value}\n`];
    });
    answer.end(lines.join(""));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const address = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  return {
    // Each is an instance of its own: alarms that join by instance must not meet another's series.
    pages: Object.keys(cases).map((name) => ({ address, path: `/${name}`, labels: { instance: name } })),
    breakAll: () => {
      broken = true;
    },
    mendAll: () => {
      broken = false;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
