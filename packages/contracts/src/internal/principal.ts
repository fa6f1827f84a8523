import { type Static, Type } from "typebox";
import { AccountId, oneOf } from "../fields.ts";

export const ROLES = ["operator", "account"] as const;

/** Who makes a request. The gateway authenticates, services authorise. */
export const Principal = Type.Object({
  keyId: Type.String({ minLength: 1, maxLength: 64 }),
  role: oneOf(ROLES),
  /** The trading account of an `account` key. */
  accountId: Type.Optional(AccountId),
});
export type Principal = Static<typeof Principal>;
