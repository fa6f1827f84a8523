import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { promisify } from "node:util";
import { TestVenue } from "./testing/test-venue.ts";

const sdk = join(import.meta.dirname, "..", "..", "packages", "sdk");
const example = join(sdk, "src", "testing", "worked-example.fixture.ts");
const readme = readFileSync(join(sdk, "README.md"), "utf8");
const [, code, output] = /```ts\n(.*?)```\n+prints\n+```\n(.*?)```/s.exec(readme) ?? assert.fail();

const venue = new TestVenue();

before(async () => {
  await venue.start();
  await venue.list(["AAPL"]);
});
after(() => venue.remove());

it("the sdk's worked example is this file", () => {
  assert.equal(code?.replace("@bourse/sdk", "../index.ts"), readFileSync(example, "utf8"));
});

it("it prints what the README says", async () => {
  const key = await venue.account("steady", { USD: "100000" });
  assert.equal(await printed(venue.gatewayUrl, key), output);
});

it("it prints the same where the first answer to whatever is sent is lost", async (t) => {
  const key = await venue.account("lossy", { USD: "100000" });
  const { server, lost } = await losingAnswers(venue.gatewayUrl);
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  assert.equal(await printed(`http://127.0.0.1:${port}`, key), output);
  assert.ok(lost.size > 4);
});

async function printed(url: string, key: string): Promise<string> {
  const env = { ...process.env, BOURSE_URL: url, BOURSE_KEY: key };
  const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
  return stdout;
}

/** Stands before a gateway and cuts the connection once each different request has been answered there. */
async function losingAnswers(
  gatewayUrl: string,
): Promise<{ readonly server: Server; readonly lost: ReadonlySet<string> }> {
  const lost = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method = "", url = "", headers } = request;
    const name = headers["idempotency-key"];
    const answer = await fetch(`${gatewayUrl}${url}`, {
      method,
      headers: {
        authorization: headers.authorization ?? "",
        ...(body === "" ? {} : { "content-type": "application/json" }),
        ...(typeof name === "string" ? { "idempotency-key": name } : {}),
      },
      ...(body === "" ? {} : { body }),
    });
    const text = await answer.text();
    const asked = `${method} ${url} ${body}`;
    if (lost.has(asked)) {
      const type = answer.headers.get("content-type") ?? "";
      response.writeHead(answer.status, { "content-type": type }).end(text);
      return;
    }
    lost.add(asked);
    request.socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, lost };
}
