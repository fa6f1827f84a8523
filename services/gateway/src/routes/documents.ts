import { asyncApiDocument } from "@bourse/contracts";
import type { Route, RouteAnswer } from "@bourse/host";
import { Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

export const documentRoutes: readonly Route<Gateway>[] = [
  {
    method: "GET",
    path: "/asyncapi.json",
    summary: "The AsyncAPI 3 document of the platform's events",
    access: "public",
    answers: { 200: Type.Unknown() },
    handle: () => answer,
  },
];

/** Written once: it is long, and anybody may ask for it. */
const answer: RouteAnswer = {
  status: 200,
  headers: { "content-type": "application/json; charset=utf-8" },
  body: JSON.stringify(asyncApiDocument()),
};
