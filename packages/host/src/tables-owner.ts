import type { AnyServiceDefinition } from "./definition.ts";

/**
 * Whose the tables are, as the schema and the role are named: a service's own, or, of several services of one name that
 * share no tables, those of its scope: `trade-processor-sim-trade-events`.
 */
export function tablesOwner({ name, scope }: Pick<AnyServiceDefinition, "name" | "scope">): string {
  return scope === undefined ? name : `${name}-${scope.replaceAll(/[^a-z0-9]+/g, "-")}`;
}
