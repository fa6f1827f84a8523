import { PlatformError } from "./platform-error.ts";

/**
 * Where PostgreSQL was said to be; undefined: nothing was said. Throws `config_invalid`, which does not show what was given:
 * mostly it is a password with a character of its own that makes no URL.
 */
export function givenDatabaseUrl(given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  const protocol = URL.parse(given)?.protocol;
  if (protocol === "postgres:" || protocol === "postgresql:") return given;
  throw new PlatformError(
    "config_invalid",
    `DATABASE_URL is no URL of PostgreSQL [redacted, ${given.length} characters], and allowed is such as ` +
      "postgres://user:password@host:5432/bourse, with # / ? @ : % of a user or password as %23 %2F %3F %40 %3A %25",
  );
}
