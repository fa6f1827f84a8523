import { InvariantError } from "@bourse/base";

/** R8: a command asks for rules that this version of the program does not know. It waits for one that does. */
export class UnknownRulesError extends InvariantError {}
