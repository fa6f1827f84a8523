import { type TObject, Type } from "typebox";
import type { ServiceDefinition } from "../definition.ts";

/** A service that does nothing but what `parts` say, for tests of the shell around it. Port 0: any free one. */
export function bareService<Config extends TObject, Service>(
  parts: Partial<ServiceDefinition<Config, Service>> = {},
): ServiceDefinition<Config, Service> {
  return {
    name: "wallet",
    description: "a service under test",
    port: 0,
    config: Type.Object({}) as unknown as Config,
    publishes: [],
    calls: [],
    setup: () => ({}) as Service,
    consumes: [],
    routes: [],
    jobs: [],
    invariants: [],
    ...parts,
  };
}
