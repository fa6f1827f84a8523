import { type ServiceName, simulatedTrades } from "@bourse/contracts";
import type { AnyServiceDefinition, Environment } from "@bourse/host";
import { tradeProcessorOf } from "@bourse/trade-processor";
import { definitions, optionalDefinitions } from "./definitions.ts";
import { PlatformError } from "./platform-error.ts";

/**
 * The services of a platform: those that every one has, and those that `BOURSE_WITH` names, by commas, or `only`.
 * Throws `PlatformError` `config_invalid` for a name that is none of them.
 */
export function chosenServices({
  env,
  only = [],
}: {
  readonly env: Environment;
  readonly only?: readonly ServiceName[] | undefined;
}): readonly AnyServiceDefinition[] {
  const asked = (env.BOURSE_WITH ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of asked) {
    if (optionalDefinitions.some((each) => each.name === name)) continue;
    const allowed = optionalDefinitions.map((each) => each.name).join(", ");
    throw new PlatformError("config_invalid", `BOURSE_WITH (--with) is ${name}, and allowed is ${allowed}`);
  }
  const chosen = optionalDefinitions.filter(({ name }) => asked.includes(name) || only.includes(name));
  return [...definitions, ...chosen.map((definition) => ofTopic(definition, env))];
}

/** Which stream a processor reads is part of what it is: its marks and its dead letters follow from it. */
export function ofTopic(definition: AnyServiceDefinition, env: Environment): AnyServiceDefinition {
  if (definition.name !== "trade-processor" || env.TRADE_PROCESSOR_TOPIC !== simulatedTrades.name)
    return definition;
  return tradeProcessorOf({ topic: simulatedTrades }) as unknown as AnyServiceDefinition;
}
