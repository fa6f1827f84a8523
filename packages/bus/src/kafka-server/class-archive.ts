import { createHash } from "node:crypto";
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { scratchBeside } from "@bourse/disk";
import { choosePorts } from "@bourse/ports";
import { BusError } from "../bus-error.ts";
import { formatOnce, KafkaProcess, PROPERTIES, runJava } from "./kafka-process.ts";
import { javaVersion, type ProvisionKafkaOptions } from "./provision-kafka.ts";
import { serverProperties } from "./server-properties.ts";

export interface ClassArchiveOptions extends ProvisionKafkaOptions {
  /** The folder of Kafka's jars. */
  readonly libraries: string;
}

const ARCHIVE = "kafka.jsa";
/** Of the archive. Java looks at its head alone: what is cut off behind ends the process, and other damage is run. */
const CHECKSUM = "checksum";
/** Instead of both, why there are none. */
const REASON = "why-not";

/**
 * Half of what a broker does until it answers is reading, checking and linking classes: Java maps them ready from an archive.
 * Answers its path, and makes it where there is none by running a broker of its own once. Undefined where none can be had,
 * which is told: a broker starts without it too. Rejects with the signal's reason alone.
 * Source: https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
 */
export async function classArchive(options: ClassArchiveOptions): Promise<string | undefined> {
  const { cacheFolder, progress = () => undefined, signal } = options;
  try {
    const kept = join(cacheFolder, "classes", await fingerprint(options));
    return (await keptArchive(kept, progress)) ?? (await makeArchive(kept, options));
  } catch (cause) {
    signal?.throwIfAborted();
    progress(`starting Kafka without an archive of its classes, which takes longer: ${reasonOf(cause)}`);
    return undefined;
  }
}

/** Of all that Java compares before it takes an archive: another Java, or jars elsewhere, have one of their own. */
async function fingerprint({ libraries }: ClassArchiveOptions): Promise<string> {
  const hash = createHash("sha256").update(`${await javaVersion()}\n${libraries}\n`);
  for (const name of readdirSync(libraries).sort()) {
    const { size, mtimeMs } = statSync(join(libraries, name));
    hash.update(`${name} ${size} ${Math.floor(mtimeMs / 1000)}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

async function keptArchive(kept: string, progress: (line: string) => void): Promise<string | undefined> {
  if (!existsSync(kept)) return undefined;
  const reason = join(kept, REASON);
  if (existsSync(reason))
    throw new Error(`${readFileSync(reason, "utf8")}; it is tried again without ${kept}`);
  if (await isWhole(kept)) return join(kept, ARCHIVE);
  progress("the archive of Kafka's classes is damaged, and made anew");
  rmSync(kept, { recursive: true, force: true });
  return undefined;
}

async function makeArchive(kept: string, options: ClassArchiveOptions): Promise<string> {
  const scratch = scratchBeside(kept, (reason) => new BusError("bus_refused", reason, { retryable: false }));
  try {
    options.progress?.(
      "making an archive of Kafka's classes, once on this machine: some ten seconds, and later starts take half as long",
    );
    const made = join(scratch, "made");
    mkdirSync(made);
    const failure = await fill(made, scratch, options).catch((cause: unknown) => {
      options.signal?.throwIfAborted();
      // To try it at each start would make each of them slower.
      rmSync(join(made, ARCHIVE), { force: true });
      writeFileSync(join(made, REASON), reasonOf(cause));
      return { cause };
    });
    keep(made, kept);
    if (failure !== undefined) throw failure.cause;
    return join(kept, ARCHIVE);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function keep(made: string, kept: string): void {
  try {
    renameSync(made, kept);
  } catch (cause) {
    // Another process was faster: its archive is as good.
    if (!existsSync(kept)) throw cause;
  }
}

async function fill(made: string, scratch: string, options: ClassArchiveOptions): Promise<void> {
  const { libraries, signal } = options;
  const archive = join(made, ARCHIVE);
  await runOnce(scratch, archive, options);
  await runJava({
    folder: scratch,
    libraries,
    classArchive: archive,
    // Unlike a broker this one refuses to go without.
    command: ["-Xshare:on", "-version"],
    signal,
    failure: "this Java made none that it takes",
  });
  writeFileSync(join(made, CHECKSUM), await checksum(archive));
}

async function runOnce(
  folder: string,
  archive: string,
  { libraries, signal }: ClassArchiveOptions,
): Promise<void> {
  const [broker = 0, controller = 0] = await choosePorts(2);
  writeFileSync(join(folder, PROPERTIES), serverProperties({ ports: { broker, controller } }));
  await formatOnce({ folder, libraries, options: ["--standalone"], signal });
  const server = new KafkaProcess({
    folder,
    libraries,
    bootstrapServers: `127.0.0.1:${broker}`,
    archiveClassesTo: archive,
  });
  await server.start(signal);
  const kill = (): void => void server.kill();
  signal?.addEventListener("abort", kill);
  await server.stop();
  signal?.removeEventListener("abort", kill);
  signal?.throwIfAborted();
}

async function isWhole(kept: string): Promise<boolean> {
  try {
    return (await checksum(join(kept, ARCHIVE))) === readFileSync(join(kept, CHECKSUM), "utf8");
  } catch {
    return false;
  }
}

async function checksum(file: string): Promise<string> {
  let sum = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }))
    sum = crc32(chunk as Buffer, sum);
  return sum.toString(16);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
}
