import { ok, type Result, refused } from "@bourse/base";

/** An account that was stopped, and by whom. */
export interface KillSwitch {
  readonly accountId: string;
  /** Identifies this stop among the account's stops. */
  readonly requestId: string;
  readonly reason: string;
  readonly actor: string;
  readonly engagedMs: number;
}

/** `SUPERSEDED`: the stop that it is about was released by another request. */
export type ReleaseStatus = (typeof RELEASE_STATUSES)[number];
export const RELEASE_STATUSES = ["PENDING", "APPROVED", "SUPERSEDED"] as const;

/** One operator's request to let the account trade again; another one must approve it (maker-checker). */
export interface ReleaseRequest {
  readonly id: string;
  readonly accountId: string;
  /** Which stop it is about: a later one needs a request of its own. */
  readonly switchRequestId: string;
  readonly maker: string;
  readonly note: string;
  readonly status: ReleaseStatus;
  readonly checker: string | null;
  readonly createdMs: number;
}

export type ReleaseRefusal =
  | { readonly code: "forbidden"; readonly detail: string }
  | { readonly code: "conflict"; readonly detail: string };

/** Whether `checker` may approve: the request is pending, is about the current stop, and is somebody else's. */
export function approveRelease(
  request: ReleaseRequest,
  engaged: KillSwitch | null,
  checker: string,
): Result<{ readonly accountId: string }, ReleaseRefusal> {
  if (request.status === "SUPERSEDED")
    return refused({
      code: "conflict",
      detail: `the stop that release request ${request.id} is about was released by another request`,
    });
  if (request.status !== "PENDING")
    return refused({
      code: "conflict",
      detail: `release request ${request.id} is already ${request.status}`,
    });
  if (engaged === null || engaged.requestId !== request.switchRequestId)
    return refused({
      code: "conflict",
      detail: "the stop that it is about is over; ask for the release of the new one",
    });
  if (request.maker === checker)
    return refused({
      code: "forbidden",
      detail: "a release must be approved by another key than the one that asked for it",
    });
  return ok({ accountId: request.accountId });
}
