import { parse, stringify } from "yaml";

/** An alert as the rules file writes it. */
export interface Alarm {
  readonly alert: string;
  readonly expr: string;
  /** How long the condition holds before it rings; absent: at once. */
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RulesFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Alarm[] }[];
}

/** The alerts of a Prometheus rules file, in order. */
export function readAlarms(text: string): readonly Alarm[] {
  return (parse(text) as RulesFile).groups.flatMap(({ rules }) => rules);
}

/** The same rules with every duration divided: what takes minutes takes seconds with 60. */
export function quickened(text: string, divisor: number): string {
  const file = parse(text) as RulesFile;
  const shorter = (duration: string): string => `${Math.round(millisecondsOf(duration) / divisor)}ms`;
  return stringify({
    groups: file.groups.map(({ name, rules }) => ({
      name,
      rules: rules.map((rule) => ({
        ...rule,
        expr: rule.expr.replace(/\[(\d+[smhd])\]/g, (_, range: string) => `[${shorter(range)}]`),
        ...(rule.for === undefined ? {} : { for: shorter(rule.for) }),
      })),
    })),
  });
}

/** Names of the metrics that an expression reads. */
export function metricsOf({ expr }: Alarm): readonly string[] {
  const bare = expr
    .replace(/"[^"]*"/g, "")
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, "")
    .replace(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  const names = bare.match(/\b[a-z][a-z0-9_]*\b(?!\s*\()/g) ?? [];
  return [...new Set(names.filter((name) => !WORDS.has(name)))];
}

const WORDS: ReadonlySet<string> = new Set(["and", "or", "unless", "by", "on", "bool"]);

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function millisecondsOf(duration: string): number {
  const [, count = "", unit = ""] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  const unitMs = UNITS_MS[unit];
  if (unitMs === undefined) throw new Error(`"${duration}" is no duration such as 5m`);
  return Number(count) * unitMs;
}
