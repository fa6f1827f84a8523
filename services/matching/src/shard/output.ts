import type { Topic } from "@bourse/contracts";

/** Receives the program's events, in their order. A null key: the event concerns the whole partition. */
export type Output = (topic: Topic, key: string | null, event: object) => void;
