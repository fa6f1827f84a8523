import type { Topic } from "@bourse/contracts";

/** Takes what the program says, in the order of its saying. A null key: for the whole partition. */
export type Output = (topic: Topic, key: string | null, event: object) => void;
