import { asyncApiDocument } from "@bourse/contracts";
import { type Route, unchangingContent } from "@bourse/host";
import { Type } from "typebox";
import type { Gateway } from "../authenticate.ts";

export const documentRoutes: readonly Route<Gateway>[] = [
  {
    method: "GET",
    path: "/asyncapi.json",
    summary: "The AsyncAPI 3 document of the platform's events",
    access: "public",
    answers: { 200: Type.Unknown(), 304: Type.Unknown() },
    handle: unchangingContent({
      contentType: "application/json; charset=utf-8",
      make: () => JSON.stringify(asyncApiDocument()),
    }),
  },
];
