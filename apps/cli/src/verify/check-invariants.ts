import type { GatewayClient } from "../client.ts";
import { RefusedError } from "../client-errors.ts";

/** One rule of one service and what its check found. */
export interface RuleReport {
  readonly service: string;
  readonly name: string;
  /** Stated positively: "each journal balances". */
  readonly rule: string;
  /** How many things were looked at. */
  readonly checked: number;
  readonly violations: readonly string[];
  /** There may be more of them than are listed. */
  readonly violationCount: number;
  /** What was met and could not be judged: duplicates whose number is too far back. Absent: nothing. */
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

interface InvariantsAnswer {
  readonly invariants: readonly Omit<RuleReport, "service">[];
}

/** Reading whole tables and logs takes its time. */
const TIMEOUT_MS = 620_000;

/** What a service finds when it checks its own rules. */
export async function checkService(client: GatewayClient, service: string): Promise<readonly RuleReport[]> {
  try {
    const { body } = await client.request<InvariantsAnswer>({
      method: "POST",
      path: `/api/v1/platform/invariants/${service}`,
      timeoutMs: TIMEOUT_MS,
    });
    return body.invariants.map((report) => ({ service, ...report }));
  } catch (error) {
    if (!(error instanceof RefusedError) || error.status < 500) throw error;
    // A rule that nobody could check is not kept until someone can.
    const violations = [`it could not be checked: ${error.message}`];
    return [
      {
        service,
        name: "checkable",
        rule: "its rules can be checked",
        checked: 0,
        violations,
        violationCount: 1,
      },
    ];
  }
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
