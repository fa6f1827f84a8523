import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

const LOOPBACK = "127.0.0.1";
/** Below what systems give to connections: from 32768 on Linux, from 49152 on macOS and Windows. */
const RANGE = { from: 20_000, to: 32_767 };
const SIZE = RANGE.to - RANGE.from + 1;

/** What this process has chosen, by port. They end with it. */
const claims = new Map<number, Socket>();

/**
 * `count` different ports of 127.0.0.1 that nobody listens on, and that nobody else is given before this process ends.
 * Each of `wanted` that is free is taken in its place (a port of an earlier run, so that addresses stay what they were).
 * Rejects where all are taken.
 */
export async function choosePorts(
  count: number,
  wanted: readonly (number | undefined)[] = [],
): Promise<readonly number[]> {
  const chosen: number[] = [];
  for (let nth = 0; nth < count; nth++) {
    const earlier = wanted[nth];
    const stays = earlier !== undefined && !chosen.includes(earlier) && (await isOurs(earlier));
    chosen.push(stays ? earlier : await chooseNew());
  }
  return chosen;
}

async function chooseNew(): Promise<number> {
  // Not one after the other from the lowest: what ends and starts again soon finds its own still free.
  const start = Math.floor(Math.random() * SIZE);
  for (let tried = 0; tried < SIZE; tried++) {
    const port = RANGE.from + ((start + tried) % SIZE);
    if (!claims.has(port) && (await isOurs(port))) return port;
  }
  throw new Error(`no port from ${RANGE.from} to ${RANGE.to} is free on ${LOOPBACK}`);
}

/** Claims it, if need be; false where another process has claimed it or anybody listens on it. */
async function isOurs(port: number): Promise<boolean> {
  return (claims.has(port) || (await claim(port))) && (await isFree(port));
}

/** A UDP socket on the same number: one process's at a time, and gone with it however it ends. */
async function claim(port: number): Promise<boolean> {
  const socket = createSocket("udp4").unref();
  try {
    socket.bind({ port, address: LOOPBACK, exclusive: true });
    await once(socket, "listening");
  } catch (error) {
    socket.close();
    // Where there is no UDP to be had, what is free has to do.
    return (error as NodeJS.ErrnoException).code !== "EADDRINUSE";
  }
  claims.set(port, socket);
  return true;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
