import type { EventBus } from "@bourse/bus";
import { OrderId, type Topic } from "@bourse/contracts";
import { auditSequences } from "@bourse/delivery";
import { Gauge, type Registry } from "prom-client";
import { Type } from "typebox";
import { checkWhole } from "./check-whole.ts";
import type { AnyRoute, AnyServiceDefinition, Invariant, InvariantReport } from "./definition.ts";
import { problem } from "./problem.ts";
import { publishedTopics } from "./published-topics.ts";

const MAX_VIOLATIONS = 20;
// Made once, so that they are compiled once, however many services of a process mount the route.
const OneInvariant = Type.Object({ invariant: Type.String() });
const BehindOrder = Type.Object({ after: Type.Optional(OrderId) });

/** Tell and run the definition's invariants: `bourse verify` asks every service, one rule and one part of it at a time. */
export function invariantRoutes(
  definition: AnyServiceDefinition,
  bus: EventBus,
  registry: Registry,
): readonly AnyRoute[] {
  const service = definition.name;
  const invariants: readonly Invariant<never>[] = [
    ...definition.invariants,
    ...publishedTopics(definition).map((topic) => gapless(topic, bus)),
  ];
  const found = new Gauge({
    name: "bourse_invariant_violations",
    help: "Violations that the last check of an invariant found",
    labelNames: ["invariant"] as const,
    registers: [registry],
  });
  const record = ({ name }: Invariant<never>, count: number, after?: string): void => {
    if (after === undefined) found.set({ invariant: name }, count);
    else found.inc({ invariant: name }, count);
  };
  return [
    {
      method: "GET",
      path: "/internal/invariants",
      summary: "The service's invariants, by name",
      access: "internal",
      answers: { 200: Type.Unknown() },
      handle: () => ({
        status: 200,
        body: { service, invariants: invariants.map(({ name, rule }) => ({ name, rule })) },
      }),
    },
    {
      method: "POST",
      path: "/internal/invariants",
      summary: "Checks the service's invariants on a quiet platform",
      access: "internal",
      answers: { 200: Type.Unknown() },
      handle: async (made, { gone }) => {
        const reports: object[] = [];
        const noOne = gone?.();
        const checkIfWaitedFor = async (invariant: Invariant<never>, after: string | undefined) =>
          noOne?.aborted === true ? NOTHING : checkOne(invariant, made, after);
        // One after the other: each may read whole tables.
        for (const invariant of invariants) {
          const report = await checkWhole((after) => checkIfWaitedFor(invariant, after));
          // What was looked at is not all: nothing is recorded of it.
          if (noOne?.aborted === true)
            return problem("outcome_unknown", "nobody waits for the checks any more");
          record(invariant, report.violations.length);
          reports.push(reportView(invariant, report));
        }
        return { status: 200, body: { service, invariants: reports } };
      },
    },
    {
      method: "POST",
      path: "/internal/invariants/:invariant",
      summary: "Checks one invariant, or the part of it behind `after`, on a quiet platform",
      access: "internal",
      params: OneInvariant,
      query: BehindOrder,
      answers: { 200: Type.Unknown() },
      handle: async (made, { params, query }) => {
        const invariant = invariants.find(({ name }) => name === params.invariant);
        if (invariant === undefined)
          return problem("not_found", `${service} has no such invariant.`, {
            errors: [
              {
                field: "invariant",
                given: params.invariant ?? "",
                allowed: invariants.map(({ name }) => name).join(", "),
              },
            ],
          });
        const { after } = query as { after?: string };
        const report = await checkOne(invariant, made, after);
        record(invariant, report.violations.length, after);
        const { next } = report;
        const body = { ...reportView(invariant, report), ...(next === undefined ? {} : { next }) };
        return { status: 200, body };
      },
    },
  ];
}

const NOTHING: InvariantReport = { checked: 0, violations: [] };

function reportView(
  { name, rule }: Invariant<never>,
  { checked, violations, unchecked = 0 }: InvariantReport,
): object {
  return {
    name,
    rule,
    checked,
    violations: violations.slice(0, MAX_VIOLATIONS),
    violationCount: violations.length,
    ...(unchecked > 0 ? { unchecked } : {}),
  };
}

/** R3: what a service publishes is numbered without gaps, by each of the topic's producers in each partition. */
function gapless(topic: Topic, bus: EventBus): Invariant<never> {
  return {
    name: `sequences-gapless-${topic.name}`,
    rule: `the numbers of each producer in each partition of ${topic.name} have no gap, and a number that is there twice says the same`,
    check: async () => {
      const { records, unchecked, violations } = await auditSequences(bus, topic);
      return { checked: records - unchecked, violations, unchecked };
    },
  };
}

async function checkOne(
  invariant: Invariant<never>,
  service: never,
  after: string | undefined,
): Promise<InvariantReport> {
  try {
    return await invariant.check(service, after);
  } catch (error) {
    return { checked: 0, violations: [`the check itself failed: ${(error as Error).message}`] };
  }
}
