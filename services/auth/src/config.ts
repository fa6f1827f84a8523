import { Type } from "typebox";

export const AuthConfig = Type.Object({
  BOURSE_OPERATOR_KEY: Type.Optional(
    Type.String({
      pattern: "^bk_[a-z2-7]{40}$",
      description:
        "the first operator's key; made at first start and kept in the data folder where it is not given",
    }),
  ),
});
