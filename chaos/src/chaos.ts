import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaCacheFolder, provisionKafka } from "@bourse/bus/local-kafka";
import type { Fault } from "./faults/fault.ts";
import { MATRIX } from "./faults/matrix.ts";
import { Fleet } from "./fleet/fleet.ts";
import { smallDiskSkip } from "./fleet/small-disk.ts";
import { Journal } from "./journal/journal.ts";
import { setUpVenue } from "./load/venue.ts";
import type { ChaosOptions } from "./options.ts";
import { groupOf, passes, selectFaults } from "./plan.ts";
import { isFailed, roundLine, type Skipped } from "./report.ts";
import { journalPath, type RoundResult, runRound, type Venue } from "./round/run-round.ts";
import { TopicAudit } from "./round/topic-audit.ts";

/** Whole tables and logs are read after each round: a platform is not used for ever. */
const MAX_ROUNDS_OF_A_PLATFORM = 8;

export interface ChaosReport {
  readonly rounds: readonly RoundResult[];
  readonly skipped: readonly Skipped[];
}

/** Runs the matrix. Rejects only where a platform can't even be started. */
export class Chaos {
  readonly #options: ChaosOptions;
  readonly #say: (line: string) => void;
  readonly #rounds: RoundResult[] = [];
  #venue: Venue | null = null;
  #group = "";
  #roundsOfVenue = 0;
  #interrupted = false;

  constructor(options: ChaosOptions, say: (line: string) => void) {
    this.#options = options;
    this.#say = say;
  }

  /** No further round begins. */
  interrupt(): void {
    this.#interrupted = true;
  }

  /** Ends at once what was started: for a process that is being ended itself. */
  destroy(): void {
    this.#venue?.fleet.destroy();
  }

  async run(): Promise<ChaosReport> {
    const { minutes, seed } = this.#options;
    const { possible, skipped } = await this.#possible();
    const deadline = minutes === null ? null : performance.now() + minutes * 60_000;
    const isOver = (): boolean => this.#interrupted || (deadline !== null && performance.now() > deadline);
    try {
      if (possible.length > 0)
        for (const pass of passes(possible, seed)) {
          for (const fault of pass) if (!isOver()) await this.#round(fault);
          if (deadline === null || isOver()) break;
        }
    } finally {
      await this.#retire(false);
    }
    return { rounds: this.#rounds, skipped };
  }

  /** What this machine can't do is skipped by name. */
  async #possible(): Promise<{ readonly possible: readonly Fault[]; readonly skipped: readonly Skipped[] }> {
    const wanted = selectFaults(MATRIX, this.#options);
    const noKafka = wanted.some(({ bus }) => bus === "kafka") ? await kafkaSkip() : null;
    const noDisks = wanted.some(({ smallDisks }) => smallDisks === true) ? diskSkip() : null;
    const skipped = wanted.flatMap(({ name, bus, smallDisks }) => {
      const reason = (bus === "kafka" ? noKafka : null) ?? (smallDisks === true ? noDisks : null);
      return reason === null ? [] : [{ name, bus, reason }];
    });
    for (const { name, bus, reason } of skipped) this.#say(`SKIPPED ${name} (${bus}): ${reason}`);
    const possible = wanted.filter(
      (fault) => !skipped.some(({ name, bus }) => name === fault.name && bus === fault.bus),
    );
    return { possible, skipped };
  }

  async #round(fault: Fault): Promise<void> {
    const venue = await this.#venueFor(fault);
    const round = this.#rounds.length + 1;
    const result = await runRound({
      venue,
      fault,
      round,
      seed: this.#options.seed + round,
      ordersPerSecond: this.#options.ordersPerSecond,
    });
    this.#rounds.push(result);
    this.#roundsOfVenue += 1;
    this.#say(roundLine(result));
    if (!isFailed(result)) return;
    for (const failure of result.failures.slice(0, 10)) this.#say(`       ${failure}`);
    await this.#retire(true);
    this.#say(`       kept: ${venue.fleet.folder} (data, logs, journal.jsonl)`);
    for (const disk of Object.values(venue.fleet.disks)) this.#say(`       its disk: ${disk.hint}`);
    const { seed } = this.#options;
    this.#say(`       again: npm run test:chaos -- --only "${fault.name}" --bus ${fault.bus} --seed ${seed}`);
  }

  async #venueFor(fault: Fault): Promise<Venue> {
    const group = groupOf(fault);
    if (this.#venue !== null && this.#group === group && this.#roundsOfVenue < MAX_ROUNDS_OF_A_PLATFORM)
      return this.#venue;
    await this.#retire(false);
    this.#say(`a fresh platform: ${group}`);
    const folder = mkdtempSync(join(tmpdir(), "bourse-chaos-"));
    const fleet = await Fleet.start({
      bus: fault.bus,
      folder,
      smallDisks: fault.smallDisks ?? false,
      progress: this.#say,
    });
    this.#venue = { fleet, journal: new Journal(journalPath(folder)), audit: new TopicAudit() };
    this.#group = group;
    this.#roundsOfVenue = 0;
    await setUpVenue({ url: fleet.gatewayUrl, key: fleet.operatorKey });
    return this.#venue;
  }

  async #retire(keep: boolean): Promise<void> {
    const venue = this.#venue;
    if (venue === null) return;
    this.#venue = null;
    venue.journal.close();
    await venue.fleet.stop();
    if (keep) return;
    venue.fleet.removeDatabase();
    rmSync(venue.fleet.folder, { recursive: true, force: true });
  }
}

async function kafkaSkip(): Promise<string | null> {
  try {
    await provisionKafka({ cacheFolder: kafkaCacheFolder(process.env) });
    return null;
  } catch (error) {
    return `there is no Kafka: ${(error as Error).message}`;
  }
}

function diskSkip(): string | null {
  const folder = mkdtempSync(join(tmpdir(), "bourse-chaos-disk-"));
  try {
    return smallDiskSkip(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
