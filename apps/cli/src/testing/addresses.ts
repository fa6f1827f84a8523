import { SERVICE_NAMES } from "@bourse/contracts";
import { choosePorts } from "@bourse/ports";

/** An address of its own for every service and the console, by the variables that a person would set. */
export async function serviceAddresses(): Promise<{ readonly CONSOLE_URL: string } & Record<string, string>> {
  const names = [...SERVICE_NAMES, "console"];
  const ports = await choosePorts(names.length);
  const urls = names.map(
    (name, nth) =>
      [`${name.toUpperCase().replaceAll("-", "_")}_URL`, `http://127.0.0.1:${ports[nth]}`] as const,
  );
  return Object.fromEntries(urls) as Awaited<ReturnType<typeof serviceAddresses>>;
}
