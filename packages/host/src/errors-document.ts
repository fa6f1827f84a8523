import { type ProblemCode, problemCatalogue, problemEntry } from "./problem-catalogue.ts";

/** `docs/errors.md`: every code, by status. Generated, and compared by a test. */
export function errorsDocument(): string {
  const codes = (Object.keys(problemCatalogue) as ProblemCode[]).sort(
    (a, b) => problemEntry(a).status - problemEntry(b).status || (a < b ? -1 : 1),
  );
  const rows = codes.map((code) => {
    const { status, title, meaning, retryable } = problemEntry(code);
    return `| \`${code}\` | ${status} | ${title} | ${meaning} | ${retryable === true ? "yes" : ""} |`;
  });
  return `# Error codes

This page lists the codes, by status. Every refusal is an RFC 9457 document, \`application/problem+json\`:

\`\`\`json
{
  "type": "urn:bourse:problem:validation_failed",
  "title": "The request is not valid",
  "status": 400,
  "code": "validation_failed",
  "detail": "items[3].price: given \\"1e3\\", allowed a decimal string such as \\"12.50\\", at most 40 characters",
  "errors": [
    { "field": "items[3].price", "given": "\\"1e3\\"", "allowed": "a decimal string such as \\"12.50\\", at most 40 characters" }
  ]
}
\`\`\`

- \`code\` is stable. Let programs decide by it.
- \`errors\` names fields as they stand in the request, with what was given (shortened to 100 characters) and what is
  allowed.
- A code with "yes" under "again" may be retried as it is, with the same \`Idempotency-Key\`. 429 and 503 say when, in
  \`Retry-After\`.

Generated from \`packages/host/src/problem-catalogue.ts\`.

| code | status | title | meaning | again |
|---|---|---|---|---|
${rows.join("\n")}
`;
}
