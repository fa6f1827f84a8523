import { definitions } from "./definitions.ts";

/** What Prometheus scrapes on this machine, as its file discovery reads it: every service at its own port. */
export function prometheusTargets(): readonly {
  readonly targets: readonly string[];
  readonly labels: { readonly service: string };
}[] {
  return definitions.map(({ name, port }) => ({ targets: [`localhost:${port}`], labels: { service: name } }));
}
