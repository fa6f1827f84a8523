import { Type } from "typebox";

export const AuthConfig = Type.Object({
  BOURSE_OPERATOR_KEY: Type.Optional(
    Type.String({
      pattern: "^bk_[a-z2-7]{40}$",
      description:
        "The first operator's key. If not set, it is generated at the first start and kept in the data folder",
    }),
  ),
});
