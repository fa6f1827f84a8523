import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/**
 * Kafka's client compiles a check for each kind of options that its own producer, consumer and admin take, 38 in all, as it
 * is loaded: half of what loading it costs. None of the three is used here. This has each compiled when it is first asked
 * for. The compiler is among what the client exports, but its first file alone has it before the checks are there (0068).
 */
const FIRST_FILE = new URL("utils.js", import.meta.resolve("@platformatic/kafka"));
const { ajv } = createRequire(import.meta.url)(fileURLToPath(FIRST_FILE)) as Pick<
  typeof import("@platformatic/kafka"),
  "ajv"
>;
type Compile = typeof ajv.compile;

const compile: Compile = ajv.compile.bind(ajv);
ajv.compile = ((...wanted: Parameters<Compile>) => {
  let compiled: ReturnType<Compile> | undefined;
  const check = (value: unknown): unknown => {
    compiled ??= compile(...wanted);
    const answer = compiled(value);
    Object.assign(check, { errors: compiled.errors });
    return answer;
  };
  return check;
}) as Compile;
