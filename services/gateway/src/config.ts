import { Type } from "typebox";

export const GatewayConfig = Type.Object({
  GATEWAY_KEY_CACHE_MS: Type.Integer({
    minimum: 0,
    maximum: 60_000,
    default: 10_000,
    description: "how long the gateway remembers whose a key is; a revoked key works so long at most",
  }),
});
