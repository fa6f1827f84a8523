/** What became of orders, as the platform answered them. */
export interface Answers {
  /** Orders that were acknowledged: durable by now (R9). */
  readonly acknowledged: number;
  /** The others, by status and code. */
  readonly refused: Readonly<Record<string, number>>;
}

const CREATED = '"status":201';

export class AnswerCount implements Answers {
  acknowledged = 0;
  readonly refused: Record<string, number> = {};

  /** How many orders this answer acknowledges. */
  single(status: number, body: Buffer): number {
    if (status === 201) {
      this.acknowledged += 1;
      return 1;
    }
    this.#refuse(status, JSON.parse(body.toString()), 1);
    return 0;
  }

  /** As `single`, for the answer to a batch. It is parsed only where not every item was created. */
  batch(status: number, body: Buffer, size: number): number {
    if (status !== 200) {
      this.#refuse(status, JSON.parse(body.toString()), size);
      return 0;
    }
    const created = occurrences(body, CREATED);
    this.acknowledged += created;
    if (created < size) {
      const { results } = JSON.parse(body.toString()) as {
        results: readonly { status: number; problem?: unknown }[];
      };
      for (const result of results) if (result.status !== 201) this.#refuse(result.status, result.problem, 1);
    }
    return created;
  }

  #refuse(status: number, problem: unknown, orders: number): void {
    const code = (problem as { code?: unknown } | undefined)?.code;
    const key = `${status} ${String(code)}`;
    this.refused[key] = (this.refused[key] ?? 0) + orders;
  }
}

function occurrences(body: Buffer, text: string): number {
  let count = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) count += 1;
  return count;
}
