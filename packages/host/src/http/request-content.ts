import type { FastifyRequest } from "fastify";
import type { AnyRoute } from "../definition.ts";
import type { ProblemAnswer } from "../problem.ts";
import { refuseFields } from "./request-schemas.ts";

/**
 * Whether a request has content, before Fastify looks at its type. Of none the type says nothing, and clients do send one
 * (https://www.rfc-editor.org/rfc/rfc9110#section-8.3). A route that changes something and takes no content refuses some,
 * whatever its type: what its sender meant by it would be passed over without a word.
 */
export function settleContent(
  { method, body }: AnyRoute,
  request: FastifyRequest,
  settled: (refusal: ProblemAnswer | null) => void,
): void {
  const { headers } = request;
  const isChunked = headers["transfer-encoding"] !== undefined;
  const hasLength = Number(headers["content-length"] ?? 0) > 0;
  if (method === "GET" || (body !== undefined && (isChunked || hasLength))) {
    settled(null);
    return;
  }
  delete headers["content-type"];
  if (hasLength || !isChunked) {
    settled(hasLength ? refuseContent(request) : null);
    return;
  }
  // Nothing may come in chunks, too.
  delete headers["transfer-encoding"];
  const { raw } = request;
  const settle = (refusal: ProblemAnswer | null): void => {
    raw.off("data", refuse).off("end", accept);
    settled(refusal);
  };
  const refuse = (): void => settle(refuseContent(request));
  const accept = (): void => settle(null);
  raw.on("data", refuse).on("end", accept);
}

function refuseContent({ headers, method, url }: FastifyRequest): ProblemAnswer {
  const length = headers["content-length"];
  const given = length === undefined ? "a body" : `a body of ${length} bytes`;
  const allowed = `none: ${method} ${url.replace(/\?.*/s, "")} says all by its address and query`;
  return refuseFields([{ field: "body", given, allowed }]);
}
