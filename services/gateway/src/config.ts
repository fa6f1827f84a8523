import { Type } from "typebox";

export const GatewayConfig = Type.Object({
  GATEWAY_KEY_CACHE_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 10_000,
    description: "How long the gateway caches a key; a revoked key may go on working for this long",
  }),
});
