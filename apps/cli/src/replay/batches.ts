import type { RecordedCommand } from "@bourse/recordings";
import type { OrderItem, PrintItem } from "./order-items.ts";
import type { ExpectedTaker, ReplayPlan } from "./plan.ts";

/** Consecutive commands of a recording, ready to be sent. */
export interface Batch {
  /** 0, 1, 2, ... */
  readonly index: number;
  /** Recorded commands up to and including this batch. */
  readonly commandsSoFar: number;
  readonly items: readonly OrderItem[];
  /** The request body of the items; made here, while the batch before is in flight. */
  readonly body: string;
  readonly prints: readonly PrintItem[];
  readonly expected: readonly ExpectedTaker[];
  readonly skipped: number;
}

/** Cuts a recording into batches of up to `size` order items, and up to as many prints. */
export async function* batchesOf(
  commands: AsyncIterable<RecordedCommand>,
  plan: ReplayPlan,
  size: number,
): AsyncGenerator<Batch> {
  let draft = new Draft();
  let index = 0;
  let commandsSoFar = 0;
  for await (const command of commands) {
    draft.add(command, plan);
    commandsSoFar++;
    if (draft.items.length < size && draft.prints.length < size) continue;
    yield draft.batch(index++, commandsSoFar);
    draft = new Draft();
  }
  if (!draft.isEmpty) yield draft.batch(index, commandsSoFar);
}

class Draft {
  readonly items: OrderItem[] = [];
  readonly prints: PrintItem[] = [];
  readonly #expected: ExpectedTaker[] = [];
  #skipped = 0;

  get isEmpty(): boolean {
    return this.items.length + this.prints.length + this.#skipped === 0;
  }

  add(command: RecordedCommand, plan: ReplayPlan): void {
    const planned = plan.next(command);
    switch (planned.kind) {
      case "order":
        this.items.push(planned.item);
        if (planned.expected !== null) this.#expected.push(planned.expected);
        return;
      case "print":
        this.prints.push(planned.print);
        return;
      case "skipped":
        this.#skipped++;
    }
  }

  batch(index: number, commandsSoFar: number): Batch {
    return {
      index,
      commandsSoFar,
      items: this.items,
      body: JSON.stringify({ items: this.items, stopWhenUnavailable: true }),
      prints: this.prints,
      expected: this.#expected,
      skipped: this.#skipped,
    };
  }
}
