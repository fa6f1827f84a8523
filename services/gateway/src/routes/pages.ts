import type { Route, RouteAnswer } from "@bourse/host";
import { Type } from "typebox";
import { pageFile } from "../adapters/page-files.ts";
import type { Gateway } from "../authenticate.ts";

/** The landing page and its parts: read once, served from memory. */
const PAGES = [
  { path: "/", file: "landing.html", contentType: "text/html; charset=utf-8" },
  { path: "/landing.css", file: "landing.css", contentType: "text/css; charset=utf-8" },
  { path: "/landing.js", file: "landing.js", contentType: "text/javascript; charset=utf-8" },
] as const;

const SECURITY = {
  "content-security-policy":
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
};

export const pageRoutes: readonly Route<Gateway>[] = PAGES.map(({ path, file, contentType }) => {
  const body = pageFile(file);
  const answer: RouteAnswer = { status: 200, body, headers: { "content-type": contentType, ...SECURITY } };
  return {
    method: "GET",
    path,
    summary: "The landing page",
    access: "public",
    answers: { 200: Type.String() },
    handle: () => answer,
  };
});
