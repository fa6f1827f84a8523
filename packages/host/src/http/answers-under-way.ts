import type { Server, ServerResponse } from "node:http";

/** Answers that are owed and not yet sent to their end: a long one takes as long as its client takes it. */
export class AnswersUnderWay {
  readonly #open = new Set<ServerResponse>();
  #areLast = false;

  /** Every request of the server passes here, before it is served. */
  watch(server: Server): void {
    server.prependListener("request", (_request, response) => {
      if (this.#areLast) response.shouldKeepAlive = false;
      this.#open.add(response);
      response.once("close", () => this.#open.delete(response));
    });
  }

  /** Each from now on is the last of its connection, also those that are owed already. */
  beLast(): void {
    this.#areLast = true;
    for (const response of this.#open) response.shouldKeepAlive = false;
  }

  /** Resolves when those that are owed by now are sent, or their clients gone. To half a request nothing is owed. */
  async sent(): Promise<void> {
    const owed = [...this.#open].filter(({ req }) => req.complete);
    await Promise.all(owed.map((response) => new Promise((resolve) => response.once("close", resolve))));
  }
}
