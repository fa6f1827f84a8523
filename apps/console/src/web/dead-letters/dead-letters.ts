import { answerOf, type BourseClient, type Paths } from "@bourse/sdk";

/** Every service with effects has the same doors for what it has parked. */
const doorsOf = <Tail extends string>(service: string, tail: Tail) =>
  `/api/v1/dead-letters/${service}${tail}` as `/api/v1/dead-letters/wallet${Tail}`;

type Doors = Paths["/api/v1/dead-letters/wallet"]["get"]["responses"][200]["content"]["application/json"];
export type DeadLetter = Doors["records"][number];
export type Reason =
  Paths["/api/v1/dead-letters/wallet/reasons"]["get"]["responses"][200]["content"]["application/json"]["reasons"][number];
export type DeadLetterDetail =
  Paths["/api/v1/dead-letters/wallet/records/{subscription}/{topic}/{partition}/{place}"]["get"]["responses"][200]["content"]["application/json"];

/** Which of a service's parked records are meant. */
export interface Meant {
  readonly id?: string;
  readonly subscription?: string;
  readonly topic?: string;
  readonly code?: string;
}

/** How many of a service are shown; the rest by a filter. */
export const SHOWN = 500;
/** What one request works through; the page goes on until all are done. */
const CHUNK = 200;

export interface AllReasons {
  readonly reasons: readonly Reason[];
  /** Services that do not answer: what they have parked is not known. */
  readonly silent: readonly string[];
}

/** Of every service that answers. Rejects where none does. */
export async function readReasons(
  client: BourseClient,
  services: readonly string[],
  signal: AbortSignal,
): Promise<AllReasons> {
  const asked = services.map(async (service) => {
    const params = { query: { status: "PARKED" as const } };
    return (await answerOf(client.GET(doorsOf(service, "/reasons"), { params, signal }))).reasons;
  });
  const answers = await Promise.allSettled(asked);
  if (!answers.some(({ status }) => status === "fulfilled")) await Promise.all(asked);
  return {
    reasons: answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : [])),
    silent: services.filter((_, at) => answers[at]?.status === "rejected"),
  };
}

export async function readLetters(
  client: BourseClient,
  service: string,
  about: { readonly meant: Meant; readonly signal: AbortSignal },
): Promise<readonly DeadLetter[]> {
  const query = { ...about.meant, status: "PARKED" as const, limit: SHOWN };
  const { records } = await answerOf(
    client.GET(doorsOf(service, ""), { params: { query }, signal: about.signal }),
  );
  return records;
}

export function readLetter(
  client: BourseClient,
  { service, id }: { readonly service: string; readonly id: string },
  signal: AbortSignal,
): Promise<DeadLetterDetail> {
  const [subscription = "", topic = "", partition = "", place = ""] = id.split("/");
  const path = { subscription, topic, partition, place };
  return answerOf(
    client.GET(doorsOf(service, "/records/{subscription}/{topic}/{partition}/{place}"), {
      params: { path },
      signal,
    }),
  );
}

export type Work = "redrive" | "drop";

export interface Outcome {
  readonly done: number;
  readonly failed: readonly { readonly id: string; readonly code: string; readonly message: string }[];
  readonly left: number;
}

/** How many it would be. Nothing changes. */
export async function dryRun(
  client: BourseClient,
  work: Work,
  { service, meant }: { readonly service: string; readonly meant: Meant },
): Promise<number> {
  if (work === "redrive") {
    const body = { ...meant, dryRun: true };
    return (await answerOf(client.POST(doorsOf(service, "/redrive"), { body }))).left;
  }
  const body = { ...meant, dryRun: true, reason: "dry run" };
  return (await answerOf(client.POST(doorsOf(service, "/drop"), { body }))).left;
}

/** All of them, in bounded requests that go on where the one before ended. */
export async function carryOut(
  client: BourseClient,
  work: Work,
  about: {
    readonly service: string;
    readonly meant: Meant;
    readonly reason: string;
    readonly onProgress: (outcome: Outcome) => void;
  },
): Promise<Outcome> {
  const { service, meant, reason, onProgress } = about;
  // What fails in a run is not tried again by it.
  const runId = crypto.randomUUID();
  let outcome: Outcome = { done: 0, failed: [], left: 0 };
  for (;;) {
    const step = await doChunk(client, work, { service, meant, reason, runId });
    outcome = {
      done: outcome.done + step.done,
      failed: [...outcome.failed, ...step.failed],
      left: step.left,
    };
    onProgress(outcome);
    if (step.left === 0 || step.done + step.failed.length === 0) return outcome;
  }
}

async function doChunk(
  client: BourseClient,
  work: Work,
  about: { readonly service: string; readonly meant: Meant; readonly reason: string; readonly runId: string },
): Promise<Outcome> {
  const { service, meant, reason, runId } = about;
  if (work === "drop") {
    const body = { ...meant, max: CHUNK, reason };
    const { dropped, left } = await answerOf(client.POST(doorsOf(service, "/drop"), { body }));
    return { done: dropped, failed: [], left };
  }
  const body = { ...meant, max: CHUNK, runId, ...(reason === "" ? {} : { reason }) };
  const { applied, failed, left } = await answerOf(client.POST(doorsOf(service, "/redrive"), { body }));
  return { done: applied, failed, left };
}
