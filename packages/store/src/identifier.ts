import { assert } from "@bourse/base";

const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;

/** Asserts a plain name that fits PostgreSQL's 63 bytes; in SQL it is quoted, since `order` is a reserved word. Throws `InvariantError`. */
export function schemaIdentifier(name: string): string {
  assert(
    IDENTIFIER.test(name),
    `a schema, role or database is named like "market_data", got "${name.slice(0, 80)}"`,
  );
  return name;
}

/** The schema and the role of a service: `market-data` has `market_data`. */
export function schemaOfService(service: string): string {
  return schemaIdentifier(service.replaceAll("-", "_"));
}
