import type { GatewayClient } from "../client.ts";
import type { Output } from "../output.ts";
import { type Patience, persistently } from "../patience.ts";
import { type Progress, startProgress } from "../progress.ts";
import { drop, type RedriveAnswer, redrive } from "./dead-letters.ts";

/** One request's worth. */
const CHUNK = 250;

export interface ChunkedWork {
  readonly client: GatewayClient;
  readonly output: Output;
  readonly service: string;
  readonly filter: Readonly<Record<string, string>>;
  /** Records in all. */
  readonly max: number;
  readonly reason?: string;
  /** How long a service may be away; running the command again goes on as well. */
  readonly patience: Patience;
}

export interface RedriveTotal {
  readonly applied: number;
  readonly failed: RedriveAnswer["failed"];
  readonly left: number;
}

/** Redrives in bounded requests, with what is done so far on stderr. All of them are one run: what fails, fails once. */
export async function redriveInChunks(work: ChunkedWork, runId: string): Promise<RedriveTotal> {
  const { client, output, service, filter, max } = work;
  const failed: RedriveTotal["failed"][number][] = [];
  let applied = 0;
  let left = 0;
  let progress: Progress | undefined;
  while (applied + failed.length < max) {
    const body = { ...filter, ...reasonOf(work), runId, max: Math.min(CHUNK, max - applied - failed.length) };
    const answer = await resolved(work, () => redrive(client, service, body));
    applied += answer.applied;
    failed.push(...answer.failed);
    left = answer.left;
    progress ??= startProgress(output, {
      title: `${service}: redrive`,
      unit: "records",
      total: Math.min(max, applied + failed.length + left),
    });
    progress.at(applied + failed.length);
    if (left === 0) break;
  }
  progress?.end();
  return { applied, failed, left };
}

export async function dropInChunks(
  work: ChunkedWork,
): Promise<{ readonly dropped: number; readonly left: number }> {
  const { client, output, service, filter, max } = work;
  let [dropped, left] = [0, 0];
  let progress: Progress | undefined;
  while (dropped < max) {
    const body = { ...filter, ...reasonOf(work), max: Math.min(CHUNK, max - dropped) };
    const answer = await resolved(work, () => drop(client, service, body));
    dropped += answer.dropped;
    left = answer.left;
    progress ??= startProgress(output, {
      title: `${service}: drop`,
      unit: "records",
      total: Math.min(max, dropped + left),
    });
    progress.at(dropped);
    if (left === 0) break;
  }
  progress?.end();
  return { dropped, left };
}

function reasonOf({ reason }: ChunkedWork): object {
  return reason === undefined ? {} : { reason };
}

/** A parked record is resolved once, so a request without an answer is sent again. */
function resolved<Answer>({ patience }: ChunkedWork, request: () => Promise<Answer>): Promise<Answer> {
  return persistently(patience, async () => ({ done: await request() }));
}
