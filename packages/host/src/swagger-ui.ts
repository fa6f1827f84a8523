import { readFile } from "node:fs/promises";
import { Type } from "typebox";
import type { AnyRoute } from "./definition.ts";
import { problem } from "./problem.ts";
import type { RouteAnswer } from "./route-answer.ts";
import { type ContentHandler, unchangingContent } from "./unchanging-content.ts";

const folder = new URL("./static/", import.meta.resolve("@fastify/swagger-ui"));
const ASSETS: ReadonlyMap<string, ContentHandler> = new Map(
  [
    ["swagger-ui.css", "text/css; charset=utf-8"] as const,
    ["swagger-ui-bundle.js", "text/javascript; charset=utf-8"] as const,
    ["swagger-ui-standalone-preset.js", "text/javascript; charset=utf-8"] as const,
    ["favicon-32x32.png", "image/png"] as const,
  ].map(([file, contentType]) => [
    file,
    unchangingContent({
      contentType,
      cacheControl: "public, max-age=86400",
      make: () => readFile(new URL(file, folder)),
    }),
  ]),
);
const FileParams = Type.Object({ file: Type.String() });

export interface ApiDocumentLink {
  readonly name: string;
  readonly url: string;
}

/** The page that shows the documents of one service, or (the gateway's) of all. Works without the internet. */
export function swaggerUiRoutes(title: string, documents: readonly ApiDocumentLink[]): readonly AnyRoute[] {
  const page = html("text/html; charset=utf-8", pageOf(title));
  const start = html("text/javascript; charset=utf-8", startOf(documents));
  return [
    {
      method: "GET",
      path: "/swagger-ui.html",
      summary: "The API's documents as a page",
      access: "public",
      answers: { 200: Type.String() },
      handle: () => page,
    },
    {
      method: "GET",
      path: "/swagger-ui/:file",
      summary: "Parts of the page",
      access: "public",
      params: FileParams,
      answers: { 200: Type.String(), 304: Type.Unknown() },
      problems: ["not_found"],
      handle: (service, request) => {
        const file = request.params.file ?? "";
        if (file === "start.js") return start;
        return ASSETS.get(file)?.(service, request) ?? problem("not_found", "the page has no such part");
      },
    },
  ];
}

/** No frame: the page keeps the key that it was given, and a page around it could have it clicked. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'";

function html(contentType: string, body: string): RouteAnswer {
  return {
    status: 200,
    headers: {
      "content-type": contentType,
      "content-security-policy": POLICY,
      "x-content-type-options": "nosniff",
    },
    body,
  };
}

function pageOf(title: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title.replace(/[<>&"]/g, "")}</title>
<link rel="stylesheet" href="/swagger-ui/swagger-ui.css">
<link rel="icon" href="/swagger-ui/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/swagger-ui/swagger-ui-bundle.js"></script>
<script src="/swagger-ui/swagger-ui-standalone-preset.js"></script>
<script src="/swagger-ui/start.js"></script>
</body>
</html>
`;
}

function startOf(documents: readonly ApiDocumentLink[]): string {
  const [first] = documents;
  const source =
    documents.length > 1
      ? `urls: ${JSON.stringify(documents)}`
      : `url: ${JSON.stringify(first?.url ?? "/api-docs")}`;
  return `window.ui = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  ${source},
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
`;
}
