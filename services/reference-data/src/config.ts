import { Type } from "typebox";

/** Reference-data takes no settings of its own. */
export const ReferenceDataConfig = Type.Object({});
