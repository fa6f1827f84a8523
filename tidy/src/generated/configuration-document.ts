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

Services are configured by environment variables. Each service reads its own once, when it starts. On an invalid value it
does not start: its error names the variable, what it was given and what is allowed. Secrets are never logged.

For example, a gateway on port 9080, with fewer log lines:

\`\`\`sh
GATEWAY_URL=http://127.0.0.1:9080 LOG_LEVEL=warn npm start
\`\`\`

Generated from the services' definitions by \`npm run generate\`.

${table(["variable", "what it is", "allowed", "default", "read by"], rows)}
## Processes and commands

What processes and the \`bourse\` commands read. If a command has an option for the same thing, the option wins.

${table(["variable", "what it is", "default"], processRows)}`;
}

function named(variable: string, secret: boolean): string {
  return `\`${variable}\`${secret ? " (secret)" : ""}`;
}
