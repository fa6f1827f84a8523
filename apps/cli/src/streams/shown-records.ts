import type { RecordView } from "../topic-records.ts";

type Numbered = Pick<RecordView, "headers">;

interface EventNumber {
  readonly epoch: number;
  readonly sequence: number;
}

/** The last numbers of a partition that were shown, by producer (R3). Records without numbers are always new. */
export class ShownRecords {
  readonly #last = new Map<string, EventNumber>();

  constructor(records: readonly Numbered[]) {
    this.add(records);
  }

  isNew({ headers }: Numbered): boolean {
    const number = numberOf(headers);
    const last = this.#last.get(headers.producer ?? "");
    return number === null || last === undefined || isBehind(last, number);
  }

  add(records: readonly Numbered[]): void {
    for (const record of records) {
      const number = numberOf(record.headers);
      if (number !== null && this.isNew(record)) this.#last.set(record.headers.producer ?? "", number);
    }
  }
}

function isBehind(last: EventNumber, number: EventNumber): boolean {
  return number.epoch === last.epoch ? number.sequence > last.sequence : number.epoch > last.epoch;
}

function numberOf({ epoch, sequence }: RecordView["headers"]): EventNumber | null {
  const number = { epoch: Number(epoch), sequence: Number(sequence) };
  return Number.isSafeInteger(number.epoch) && Number.isSafeInteger(number.sequence) ? number : null;
}
