import type { Directory, Route } from "@bourse/host";
import type { Gateway } from "../authenticate.ts";

/** Every route of every service that is not internal, validated here by its owner's schemas and handed to its owner. */
export function forwardedRoutes(directory: Directory): readonly Route<Gateway>[] {
  return directory.services.flatMap((service) =>
    service.routes
      .filter((route) => route.access !== "internal")
      .map(
        (route): Route<Gateway> => ({
          ...route,
          handle: (_gateway, request) => directory.forward(service.name, route, request),
        }),
      ),
  );
}
