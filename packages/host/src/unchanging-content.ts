import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { RouteRequest } from "./definition.ts";
import type { RouteAnswer } from "./route-answer.ts";

/** What stays as it is while the process runs: kept as bytes, one copy for all who take it. */
interface Kept {
  readonly tag: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

/** What a route answers that is long, the same for everybody, and may be asked for by anybody. */
export type ContentHandler = (service: unknown, request: RouteRequest) => Promise<RouteAnswer>;

/**
 * Made once, when it is first asked for; sent gzipped to who takes that, and not at all to who has it (RFC 9110, 8.8.3 and
 * 13.1.2).
 */
export function unchangingContent(options: {
  readonly contentType: string;
  /** Default: to be kept, and asked for again each time. */
  readonly cacheControl?: string;
  readonly make: () => string | Promise<Buffer>;
}): ContentHandler {
  const { contentType, cacheControl = "no-cache", make } = options;
  let kept: Promise<Kept> | null = null;
  return async (_service, { headers }) => {
    kept ??= keep(make());
    const { tag, plain, zipped } = await kept.catch((error: unknown) => {
      kept = null;
      throw error;
    });
    const isZipped = takesGzip(headers["accept-encoding"]);
    const etag = isZipped ? `"${tag}-gzip"` : `"${tag}"`;
    const about = { etag, vary: "accept-encoding", "cache-control": cacheControl };
    if (isAmong(etag, headers["if-none-match"])) return { status: 304, headers: about, body: undefined };
    return {
      status: 200,
      headers: { ...about, "content-type": contentType, ...(isZipped ? { "content-encoding": "gzip" } : {}) },
      body: isZipped ? zipped : plain,
    };
  };
}

const zip = promisify(gzip);
const TAG_LENGTH = 22;

async function keep(made: string | Promise<Buffer>): Promise<Kept> {
  const plain = typeof made === "string" ? Buffer.from(made) : await made;
  const tag = createHash("sha256").update(plain).digest("base64url").slice(0, TAG_LENGTH);
  return { tag, plain, zipped: await zip(plain) };
}

/** Said by name, or by `*`, unless with the weight 0: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3 */
function takesGzip(accepted = ""): boolean {
  const weights = new Map(
    accepted.split(",").map((one): [string, number] => {
      const [coding = "", weight] = one.toLowerCase().split(";");
      const q = /^\s*q\s*=\s*([0-9.]+)/.exec(weight ?? "")?.[1];
      return [coding.trim(), q === undefined ? 1 : Number(q)];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}

/** The tags of a list are compared weakly: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 */
function isAmong(etag: string, known: string | undefined): boolean {
  if (known === undefined) return false;
  return known.trim() === "*" || known.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}
