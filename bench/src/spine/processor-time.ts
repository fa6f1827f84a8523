import { cpuSeconds, ownCpuSeconds } from "../cpu-time.ts";

/** Seconds of a processor that something has used so far, by who used it. */
export interface ProcessorSeconds {
  /** Node's processes, each with all its threads. */
  readonly node: number;
  /** PostgreSQL with all its processes. */
  readonly postgres: number;
  /** The broker; null where there is none. */
  readonly kafka: number | null;
}

/** The same of one order, in microseconds: it says of code on an uneven machine what a rate can't. */
export interface MicrosAnOrder {
  readonly node: number | null;
  readonly postgres: number | null;
  readonly kafka: number | null;
}

export interface Processes {
  readonly nodes: readonly { readonly pid: number }[];
  readonly postgresPid: number;
  readonly kafkaPid: number | null;
}

export function processorSeconds({ nodes, postgresPid, kafkaPid }: Processes): ProcessorSeconds {
  return {
    // Without their children: the embedded platform is the parent of its PostgreSQL.
    node: nodes.reduce((sum, { pid }) => sum + ownCpuSeconds(pid), 0),
    postgres: cpuSeconds([postgresPid]),
    kafka: kafkaPid === null ? null : ownCpuSeconds(kafkaPid),
  };
}

export function secondsBetween(before: ProcessorSeconds, after: ProcessorSeconds): ProcessorSeconds {
  return {
    node: after.node - before.node,
    postgres: after.postgres - before.postgres,
    kafka: before.kafka === null || after.kafka === null ? null : after.kafka - before.kafka,
  };
}

/** null where the system does not tell, or there were no orders. `used`: of one or several times. */
export function microsAnOrder(used: readonly ProcessorSeconds[], orders: number): MicrosAnOrder {
  const micros = (of: (seconds: ProcessorSeconds) => number | null): number | null => {
    const seconds = used.reduce((sum, each) => sum + (of(each) ?? 0), 0);
    return seconds === 0 || orders === 0 ? null : (seconds * 1e6) / orders;
  };
  return {
    node: micros(({ node }) => node),
    postgres: micros(({ postgres }) => postgres),
    kafka: micros(({ kafka }) => kafka),
  };
}
