import { AccountId, oneOf, RequestId, rfc3339, SideField, SymbolField, Timestamp } from "@bourse/contracts";
import {
  type AnswerCommit,
  auditedCommit,
  type Route,
  type RouteAnswer,
  type RouteRequest,
} from "@bourse/host";
import { SIDES, type Side } from "@bourse/market";
import type { Statement } from "@bourse/store";
import { Type } from "typebox";
import type { Desk } from "../desk.ts";
import { trackLag } from "../door.ts";
import { type EngineEvent, PARTITIONS, toPartition } from "../engine-log.ts";
import { insertVenueCommand, type VenueCommand } from "../sql/command-rows.ts";
import { groupOfRow, RULE_STATES, selectGroup, setGroupRow } from "../sql/rule-rows.ts";
import { massCancel } from "./mass-cancel.ts";

const SymbolParams = Type.Object({ symbol: SymbolField });
const Commanded = Type.Object({ requestIds: Type.Array(RequestId) });

const GroupBody = Type.Object({
  /** null: the account stands alone. */
  selfTradeGroup: Type.Union([Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$" }), Type.Null()]),
});

const AccountParams = Type.Object({ accountId: AccountId });
const GroupView = Type.Object({
  accountId: AccountId,
  ...GroupBody.properties,
  /** What the engine said; absent where none was ever set. */
  state: Type.Optional(oneOf(RULE_STATES)),
  setAt: Type.Optional(Timestamp),
});

/** What an operator asks of the engine about a symbol or an account, through its log like everything (R8). */
export const operatorRoutes: readonly Route<Desk>[] = [
  {
    method: "DELETE",
    path: "/api/v1/orders/symbols/:symbol/orders",
    summary: "Cancel all open orders of a symbol, whoever they belong to, or those of one side",
    access: "operator",
    idempotency: "optional",
    params: SymbolParams,
    query: Type.Object({ side: Type.Optional(SideField) }),
    answers: { 202: Commanded },
    problems: ["unknown_symbol", "store_unavailable", "outcome_unknown"],
    handle: async (desk, request, commit) => {
      const side = SIDES.find((each) => each === request.query.side) ?? (null as Side | null);
      const symbol = request.params.symbol ?? "";
      const audited = auditedCommit("order", request, {
        commit,
        action: "markets.cancel-orders",
        subjects: [symbol],
      });
      return await massCancel(desk, { accountId: null, symbol, side }, audited);
    },
  },
  {
    method: "GET",
    path: "/api/v1/orders/accounts/:accountId/self-trade-group",
    summary: "The self-trade group of an account as it was set last",
    access: "operator",
    params: AccountParams,
    answers: { 200: GroupView },
    problems: ["store_unavailable"],
    handle: showGroup,
  },
  {
    method: "PUT",
    path: "/api/v1/orders/accounts/:accountId/self-trade-group",
    summary: "The accounts that count as one for self-trade prevention, besides the account itself",
    access: "operator",
    idempotency: "optional",
    params: AccountParams,
    body: GroupBody,
    answers: { 202: Commanded },
    problems: ["store_unavailable", "outcome_unknown"],
    examples: [{ selfTradeGroup: "desk-1" }, { selfTradeGroup: null }],
    handle: setGroup,
  },
];

async function showGroup(desk: Desk, request: RouteRequest): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const [row] = await desk.store.query(selectGroup(accountId));
  if (row === undefined) return { status: 200, body: { accountId, selfTradeGroup: null } };
  const { selfTradeGroup, state, setMs } = groupOfRow(row);
  return { status: 200, body: { accountId, selfTradeGroup, state, setAt: rfc3339(setMs) } };
}

async function setGroup(desk: Desk, request: RouteRequest, commit: AnswerCommit): Promise<RouteAnswer> {
  const accountId = request.params.accountId ?? "";
  const { selfTradeGroup } = request.body as { selfTradeGroup: string | null };
  return await toEveryPartition(
    desk,
    auditedCommit("order", request, { commit, action: "accounts.group", subjects: [accountId] }),
    { kind: "GROUP", accountId },
    (requestId) => ({
      eventType: "AccountGrouped",
      requestId,
      accountId,
      ...(selfTradeGroup === null ? {} : { selfTradeGroup }),
    }),
    (requestIds, nowMs) => [setGroupRow(accountId, selfTradeGroup, { requestIds, nowMs })],
  );
}

/** One command to each partition, in one transaction. */
export async function toEveryPartition(
  desk: Desk,
  commit: AnswerCommit,
  { kind, accountId }: Pick<VenueCommand, "kind" | "accountId">,
  eventOf: (requestId: string) => EngineEvent,
  more: (requestIds: readonly string[], nowMs: number) => readonly Statement[] = () => [],
): Promise<RouteAnswer> {
  const commands = PARTITIONS.map((partition) => ({ partition, requestId: desk.newId() }));
  const requestIds = commands.map(({ requestId }) => requestId);
  const { answer, numbered } = await commit(kind.toLowerCase(), async ({ nowMs }) => ({
    statements: [
      ...more(requestIds, nowMs),
      ...commands.map(({ partition, requestId }) =>
        insertVenueCommand({ requestId, kind, partition, accountId, symbol: null }, nowMs),
      ),
    ],
    events: commands.map(({ partition, requestId }) => toPartition(partition, eventOf(requestId))),
    result: { status: 202, body: { requestIds } },
  }));
  trackLag(desk, numbered);
  return answer;
}
