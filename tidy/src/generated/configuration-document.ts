import type { VariableDocument } from "@bourse/host";
import { table } from "./table.ts";

/** The environment variables of all services, as a document. */
export function configurationDocument(variables: readonly VariableDocument[]): string {
  const rows = variables.map(
    ({ variable, services, allowed, default: value, required, secret, description }) => [
      `\`${variable}\`${secret ? " (secret)" : ""}`,
      description,
      allowed,
      value === null ? (required ? "must be set" : "not set") : `\`${value}\``,
      services.join(", "),
    ],
  );
  return `# Configuration

Services are configured by environment variables. Each service reads its own once, when it starts, and refuses to
start on a wrong one, naming the variable, what it got and what it wants. Secrets are never logged.

Written from the services' definitions by \`npm run generate\`.

${table(["variable", "what it is", "allowed", "default", "read by"], rows)}`;
}
