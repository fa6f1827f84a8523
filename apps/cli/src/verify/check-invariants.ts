import type { GatewayClient } from "../client.ts";
import { RefusedError } from "../client-errors.ts";

/** One rule of one service. */
export interface Rule {
  readonly service: string;
  readonly name: string;
  /** Stated positively: "each journal balances". */
  readonly rule: string;
}

/** A rule and what its check found. */
export interface RuleReport extends Rule {
  /** How many things were looked at. */
  readonly checked: number;
  readonly violations: readonly string[];
  /** There may be more of them than are listed. */
  readonly violationCount: number;
  /** What was met and could not be judged: what another instance has, duplicates whose number is too far back. Absent: nothing. */
  readonly unchecked?: number;
  /** Records were written during every look: what was found may have been on its way. */
  readonly moving?: boolean;
}

/** What `--json` prints. */
export interface VerifyReport {
  readonly ok: boolean;
  /** How many rules were checked. */
  readonly checks: number;
  /** `service/rule: what is wrong`. */
  readonly violations: readonly string[];
  /** How much was met in all that no rule could judge. */
  readonly unchecked: number;
  /** Services with violations that may have been on their way: records were written during every look at them. */
  readonly moving: readonly string[];
}

/** Of a rule that is checked in parts: what the part behind `after` has shown, and where the next one begins. */
type PartReport = Omit<RuleReport, "service"> & { readonly next?: string };

/** Of one part of one rule: reading whole tables and logs takes its time. */
const TIMEOUT_MS = 620_000;
const LISTED = 20;

/** The rules of a service. Rejects with `RefusedError`. */
export async function rulesOf(client: GatewayClient, service: string): Promise<readonly Rule[]> {
  const { invariants } = await client.get<{ invariants: readonly Omit<Rule, "service">[] }>(
    `/api/v1/platform/invariants/${service}`,
  );
  return invariants.map((each) => ({ service, ...each }));
}

/** What a service finds when it checks one of its rules, one part after the other. */
export async function checkRule(client: GatewayClient, rule: Rule): Promise<RuleReport> {
  const violations: string[] = [];
  let [checked, violationCount, unchecked] = [0, 0, 0];
  for (let after: string | undefined; ; ) {
    let part: PartReport;
    try {
      part = await checkPart(client, rule, after);
    } catch (error) {
      return notChecked(rule, error);
    }
    violations.push(...part.violations);
    checked += part.checked;
    violationCount += part.violationCount;
    unchecked += part.unchecked ?? 0;
    after = part.next;
    if (after === undefined) break;
  }
  return {
    ...rule,
    checked,
    violations: violations.slice(0, LISTED),
    violationCount,
    ...(unchecked > 0 ? { unchecked } : {}),
  };
}

async function checkPart(
  client: GatewayClient,
  { service, name }: Rule,
  after: string | undefined,
): Promise<PartReport> {
  const { body } = await client.request<PartReport>({
    method: "POST",
    path: `/api/v1/platform/invariants/${service}/${name}`,
    query: { after },
    timeoutMs: TIMEOUT_MS,
  });
  return body;
}

/** A rule that nobody could check is not kept until someone can. Any other error is thrown on. */
export function notChecked(rule: Rule, error: unknown): RuleReport {
  if (!(error instanceof RefusedError) || error.status < 500) throw error;
  const violations = [`it could not be checked: ${error.message}`];
  return { ...rule, checked: 0, violations, violationCount: 1 };
}

export function verifyReport(rules: readonly RuleReport[]): VerifyReport {
  const violations = rules.flatMap(({ service, name, violations, violationCount }) => [
    ...violations.map((violation) => `${service}/${name}: ${violation}`),
    ...(violationCount > violations.length
      ? [`${service}/${name}: and ${violationCount - violations.length} more`]
      : []),
  ]);
  const unchecked = rules.reduce((sum, rule) => sum + (rule.unchecked ?? 0), 0);
  const moving = [...new Set(rules.flatMap(({ service, moving }) => (moving === true ? [service] : [])))];
  return { ok: violations.length === 0, checks: rules.length, violations, unchecked, moving };
}
