import { execFile, spawn } from "node:child_process";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { scratchBeside } from "@bourse/disk";
import { BusError } from "../bus-error.ts";

export const KAFKA_VERSION = "4.2.0";
const LOWEST_JAVA = 17;
const SLF4J_VERSION = "1.7.36";

export interface ProvisionKafkaOptions {
  /** Outside the tree, shared by all checkouts. */
  readonly cacheFolder: string;
  /** Told one line now and then while files are fetched; not called when they are there. */
  readonly progress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** Where Kafka's files are kept: `${XDG_CACHE_HOME:-~/.cache}/bourse/kafka-4.2.0`. */
export function kafkaCacheFolder(environment: { readonly XDG_CACHE_HOME?: string | undefined }): string {
  return join(environment.XDG_CACHE_HOME || join(homedir(), ".cache"), "bourse", `kafka-${KAFKA_VERSION}`);
}

/**
 * Sees to it that Apache Kafka is in the cache, and answers the folder of its jars.
 * Throws `bus_refused` naming what is missing (Java 17 or newer; Maven and a folder to write into when nothing is cached
 * yet), or `bus_unavailable` when the download fails.
 */
export async function provisionKafka({
  cacheFolder,
  progress,
  signal,
}: ProvisionKafkaOptions): Promise<string> {
  await requireJava();
  const libraries = join(cacheFolder, "lib");
  if (existsSync(libraries)) return libraries;
  await requireMaven();
  const scratch = scratchBeside(cacheFolder, (reason) =>
    missing(`there is no Apache Kafka ${KAFKA_VERSION}: ${reason}`),
  );
  try {
    writeFileSync(join(scratch, "pom.xml"), POM);
    await fetchWithMaven(scratch, progress ?? (() => undefined), signal);
    try {
      renameSync(scratch, cacheFolder);
    } catch (cause) {
      // Another process was faster: its files are as good.
      if (!existsSync(libraries)) throw cause;
    }
    return libraries;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bourse</groupId>
  <artifactId>local-kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>${SLF4J_VERSION}</version></dependency>
  </dependencies>
</project>
`;

async function requireJava(): Promise<void> {
  const needed = `Java ${LOWEST_JAVA} or newer is needed to run Apache Kafka ${KAFKA_VERSION}`;
  const major = /version "(\d+)/.exec((await javaVersion()) ?? "")?.[1];
  if (major === undefined) throw missing(`${needed}, and there is no java on the path`);
  if (Number(major) < LOWEST_JAVA) throw missing(`${needed}, and the java on the path is version ${major}`);
}

/** All that the `java` on the path says of itself; undefined where there is none. */
export function javaVersion(): Promise<string | undefined> {
  return run("java", ["-version"]);
}

async function requireMaven(): Promise<void> {
  if ((await run("mvn", ["--version"])) !== undefined) return;
  throw missing(`Maven is needed to fetch Apache Kafka ${KAFKA_VERSION}, and there is no mvn on the path`);
}

function missing(what: string): BusError {
  return new BusError(
    "bus_refused",
    `${what}. A broker that runs already can be named instead: KAFKA_BOOTSTRAP_SERVERS`,
    {
      retryable: false,
    },
  );
}

/** What a command printed, or undefined when it can't be run. */
async function run(command: string, options: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [...options]);
    return stdout + stderr;
  } catch {
    return undefined;
  }
}

async function fetchWithMaven(
  folder: string,
  progress: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const output = `-DoutputDirectory=${join(folder, "lib")}`;
  const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", output];
  // By itself Maven 3 warns of a file that is not what its checksum says, and takes it.
  const maven = spawn("mvn", ["-B", "--strict-checksums", ...goal], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let files = 0;
  let latest = "";
  let tail = "";
  const tell = (): void =>
    progress(
      `fetching Apache Kafka ${KAFKA_VERSION} from Maven Central: ${files} files${latest && `, ${latest}`}`,
    );
  tell();
  const ticking = setInterval(tell, 1000);
  for (const stream of [maven.stdout, maven.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      tail = `${tail}\n${line}`.slice(-2000);
      const file = /^(?:\[INFO\] )?(?:Downloaded from \S+|Copying) ?(\S+\.jar)/.exec(line)?.[1];
      if (file === undefined) return;
      files++;
      latest = basename(file);
    });
  }
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      maven.on("error", reject);
      maven.on("close", resolve);
    });
    if (code === 0) return;
    throw new BusError("bus_unavailable", `mvn could not fetch Apache Kafka ${KAFKA_VERSION}:${tail}`, {
      retryable: true,
    });
  } finally {
    clearInterval(ticking);
  }
}
