import { createServer, type Server } from "node:net";
import { SERVICE_NAMES } from "@bourse/contracts";

/** An address of its own for every service and the console, by the variables that a person would set. */
export async function serviceAddresses(): Promise<{ readonly CONSOLE_URL: string } & Record<string, string>> {
  const names = [...SERVICE_NAMES, "console"];
  const servers = await Promise.all(names.map(listen));
  const urls = names.map((name, index) => {
    const address = servers[index]?.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    return [`${name.toUpperCase().replaceAll("-", "_")}_URL`, `http://127.0.0.1:${port}`] as const;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(urls) as Awaited<ReturnType<typeof serviceAddresses>>;
}

function listen(): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
  });
}
