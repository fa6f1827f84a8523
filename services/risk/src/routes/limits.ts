import { AccountId, Count, Decimal, SymbolField } from "@bourse/contracts";
import {
  auditRequest,
  type FieldError,
  type Route,
  type RouteAnswer,
  type RouteRequest,
  refuseFields,
  refuseForeignAccount,
} from "@bourse/host";
import { Type } from "typebox";
import { ACCOUNT_LIMIT_FIELDS, type LimitScope, type LimitSetting } from "../domain/limits.ts";
import { refresh } from "../jobs/refresh.ts";
import type { Risk } from "../risk.ts";
import { writeLimits } from "../sql/risk-rows.ts";

const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()]);
const Rate = Type.Integer({ minimum: 1, maximum: 1_000_000 });

/** Absent: inherited from the wider scope. null: no limit. Limits over all symbols can't be set for a symbol. */
const settingFields = {
  maxOrderNotional: Type.Optional(Nullable(Decimal)),
  maxOrderQuantity: Type.Optional(Nullable(Decimal)),
  collarPpm: Type.Optional(Type.Union([Count, Type.Null(), Type.Literal("instrument")])),
  ordersPerSecond: Type.Optional(Nullable(Rate)),
  orderBurst: Type.Optional(Nullable(Rate)),
  maxOpenOrders: Type.Optional(Nullable(Count)),
  maxOpenNotional: Type.Optional(Nullable(Decimal)),
};
export const LimitSettingBody = Type.Object(settingFields);
const Effective = Type.Object({
  maxOrderNotional: Nullable(Decimal),
  maxOrderQuantity: Nullable(Decimal),
  collarPpm: Type.Union([Count, Type.Null(), Type.Literal("instrument")]),
  ordersPerSecond: Nullable(Rate),
  orderBurst: Nullable(Rate),
  maxOpenOrders: Nullable(Count),
  maxOpenNotional: Nullable(Decimal),
});
const LimitsAnswer = Type.Object({
  accountId: Type.Optional(AccountId),
  symbol: Type.Optional(SymbolField),
  /** What is set for exactly this scope. */
  setting: LimitSettingBody,
  /** The limits that apply to it, inherited ones included. */
  effective: Effective,
});

const scopes = [
  { path: "/api/v1/risk/limits/default", params: Type.Object({}), whose: "everyone", shownTo: "operator" },
  {
    path: "/api/v1/risk/limits/accounts/:accountId",
    params: Type.Object({ accountId: AccountId }),
    whose: "an account",
    shownTo: "authenticated",
  },
  {
    path: "/api/v1/risk/limits/symbols/:symbol",
    params: Type.Object({ symbol: SymbolField }),
    whose: "a symbol",
    shownTo: "operator",
  },
  {
    path: "/api/v1/risk/limits/accounts/:accountId/symbols/:symbol",
    params: Type.Object({ accountId: AccountId, symbol: SymbolField }),
    whose: "an account in a symbol",
    shownTo: "authenticated",
  },
] as const;

export const limitRoutes: readonly Route<Risk>[] = scopes.flatMap(
  ({ path, params, whose, shownTo }): Route<Risk>[] => [
    {
      method: "GET",
      path,
      summary: `The limits of ${whose}: what is set, and what holds`,
      access: shownTo,
      params,
      answers: { 200: LimitsAnswer },
      ...(shownTo === "operator" ? {} : { problems: ["forbidden"] as const }),
      handle: showLimits,
    },
    {
      method: "PUT",
      path,
      summary: `Set the limits of ${whose}. Absent fields are inherited, null is no limit, {} unsets all`,
      access: "operator",
      idempotency: { natural: "it says the whole setting of its scope" },
      params,
      body: LimitSettingBody,
      answers: { 200: LimitsAnswer },
      problems: ["store_unavailable"],
      examples: [
        { maxOrderNotional: "250000", ordersPerSecond: 100, orderBurst: 200 },
        { maxOrderNotional: null, collarPpm: null },
        { maxOpenOrders: 200, maxOpenNotional: "1000000" },
      ],
      handle: putLimits,
    },
  ],
);

/** An account sees its own limits; otherwise it could learn its order rate only by being refused. */
async function showLimits(risk: Risk, request: RouteRequest): Promise<RouteAnswer> {
  const scope = scopeOf(request);
  const foreign = refuseForeignAccount(request.principal, scope.accountId ?? "");
  if (foreign !== null) return foreign;
  // From the table, not from memory: another instance may have taken the last setting.
  await refresh(risk);
  return { status: 200, body: answerOf(risk, scope) };
}

async function putLimits(risk: Risk, request: RouteRequest): Promise<RouteAnswer> {
  const setting = request.body as LimitSetting;
  const scope = scopeOf(request);
  const faults = [...negatives(setting), ...misplaced(setting, scope)];
  if (faults.length > 0) return refuseFields(faults);
  const actor = request.principal?.keyId ?? "";
  await risk.delivery.commit("set limits", async ({ nowMs }) => ({
    statements: [writeLimits(scope, setting, { actor, nowMs })],
    events: [auditRequest("risk", request, { action: "limits.set", subjects: [wordsOf(scope)] })],
    result: undefined,
  }));
  await refresh(risk);
  return { status: 200, body: answerOf(risk, scope) };
}

function wordsOf({ accountId, symbol }: LimitScope): string {
  return [accountId, symbol].filter((each) => each !== null).join("/") || "everyone";
}

function negatives(setting: LimitSetting): readonly FieldError[] {
  return (["maxOrderNotional", "maxOrderQuantity", "maxOpenNotional"] as const).flatMap((field) => {
    const given = setting[field];
    return given?.startsWith("-") === true
      ? [{ field, given, allowed: "a decimal from 0 on, or null for no limit" }]
      : [];
  });
}

/** Refuses a limit that would never apply. */
function misplaced(setting: LimitSetting, { symbol }: LimitScope): readonly FieldError[] {
  if (symbol === null) return [];
  const allowed = "nothing: it is counted over all symbols; set it for an account or for everyone";
  return ACCOUNT_LIMIT_FIELDS.filter((field) => setting[field] !== undefined).map((field) => ({
    field,
    given: String(setting[field]),
    allowed,
  }));
}

function scopeOf(request: RouteRequest): LimitScope {
  return { accountId: request.params.accountId ?? null, symbol: request.params.symbol ?? null };
}

function answerOf(risk: Risk, scope: LimitScope): object {
  return {
    ...(scope.accountId === null ? {} : { accountId: scope.accountId }),
    ...(scope.symbol === null ? {} : { symbol: scope.symbol }),
    setting: risk.limits.setting(scope),
    effective: risk.limits.effective(scope),
  };
}
