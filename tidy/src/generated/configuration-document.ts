import type { VariableDocument } from "@bourse/host";
import type { ProcessVariable } from "./process-variables.ts";
import { table } from "./table.ts";

/** The environment variables of all services, of processes and of commands, as a document. */
export function configurationDocument(
  variables: readonly VariableDocument[],
  ofProcesses: readonly ProcessVariable[],
): string {
  const rows = variables.map(
    ({ variable, services, allowed, default: value, required, secret, description }) => [
      named(variable, secret),
      description,
      // In an error the words say what is wanted; here they stand beside it.
      allowed.replace(` (${description})`, ""),
      value === null ? (required ? "must be set" : "not set") : `\`${value}\``,
      services.join(", "),
    ],
  );
  const processRows = ofProcesses.map(({ variable, secret, description, absent }) => [
    named(variable, secret === true),
    description,
    absent,
  ]);
  return `# Configuration

Services are configured by environment variables. Each service reads its own once, when it starts, and refuses to
start on a wrong one, naming the variable, what it got and what it wants. Secrets are never logged.

Written from the services' definitions by \`npm run generate\`.

${table(["variable", "what it is", "allowed", "default", "read by"], rows)}
## Processes and commands

Where things are, before a service reads its own. An option of a command goes before its variable.

${table(["variable", "what it is", "where it is not set"], processRows)}`;
}

function named(variable: string, secret: boolean): string {
  return `\`${variable}\`${secret ? " (secret)" : ""}`;
}
