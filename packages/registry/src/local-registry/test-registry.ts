import { RegistryError } from "../registry-error.ts";
import { provisionRegistry, registryCacheFolder } from "./provision-registry.ts";
import { type LocalRegistry, startRegistry } from "./start-registry.ts";

/** What of the environment decides which registry the tests use. */
export interface RegistryTestEnvironment {
  /** A registry that the test runner has started for all tests. */
  readonly BOURSE_TEST_SCHEMA_REGISTRY?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly CI?: string | undefined;
}

/** The registry of the environment, or one of our own. Tests share it: each has subjects of its own. */
export async function testRegistry(environment: RegistryTestEnvironment): Promise<LocalRegistry> {
  const given = environment.BOURSE_TEST_SCHEMA_REGISTRY;
  if (given) return { url: given, stop: async () => undefined };
  return startRegistry({ cacheFolder: registryCacheFolder(environment) });
}

/**
 * Why a test can't have its schema registry here, or undefined where it can. In CI there is no such reason: it is
 * thrown, so that nothing is skipped there.
 */
export async function registrySkip(environment: RegistryTestEnvironment): Promise<string | undefined> {
  if (environment.BOURSE_TEST_SCHEMA_REGISTRY) return undefined;
  try {
    await provisionRegistry({
      cacheFolder: registryCacheFolder(environment),
      progress: (line) => process.stderr.write(`${line}\n`),
    });
    return undefined;
  } catch (cause) {
    if (environment.CI === "true" || !(cause instanceof RegistryError)) throw cause;
    return `there is no schema registry: ${cause.message}`;
  }
}
