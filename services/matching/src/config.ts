import { Type } from "typebox";

/** Matching takes no settings of its own: what the engine obeys is in its log. */
export const MatchingConfig = Type.Object({});
