import type { Answers } from "./answers.ts";
import type { Desk } from "./order-requests.ts";

/** What the load client is asked to do, and what it answers: messages between two processes. */

/** As many orders as the platform takes: every connection sends its next request when the last one is answered. */
export interface ClosedLoop {
  readonly kind: "closed";
  readonly connections: number;
  /** Orders in a request; 1: the route for single orders. */
  readonly batchSize: number;
  readonly warmupMs: number;
  readonly windowMs: number;
  readonly windows: number;
}

/** Orders at a fixed rate, whatever the platform does. */
export interface OpenLoop {
  readonly kind: "open";
  readonly connections: number;
  readonly ordersPerSecond: number;
  /** Whether what it loads settles trades and tells of it. */
  readonly settles: boolean;
  readonly warmupMs: number;
  readonly measuredMs: number;
}

/** Whose orders they are and which. */
export interface JobOrders {
  readonly desk: Desk;
  readonly seed: number;
  /** Of all client order ids of this job, and of no others. */
  readonly prefix: string;
}

export type LoadJob = (ClosedLoop | OpenLoop) & JobOrders;

/** Milliseconds; null where nothing was measured. */
export interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  readonly count: number;
}

export interface ClosedLoopResult extends Answers {
  readonly kind: "closed";
  /** Acknowledged orders a second, of each window after the warm-up. */
  readonly windowRates: readonly number[];
  /** From sending a request to its answer, after the warm-up. */
  readonly requests: Latency;
  /** Processor time of the client over the whole job, in cores. */
  readonly clientCores: number;
}

export interface OpenLoopResult extends Answers {
  readonly kind: "open";
  /** From the moment an order was due to its acknowledgement. */
  readonly acknowledgements: Latency;
  /** From the moment the taking order was due to the client's knowledge that a trade of it is settled. */
  readonly settlements: Latency;
  /** How late the client itself sent what was due: part of both. */
  readonly sendDelays: Latency;
  /** Trades that the client saw settled, warm-up included. */
  readonly tradesSettled: number;
  /** Trades that it saw executed and never settled. */
  readonly tradesUnsettled: number;
  readonly clientCores: number;
}

export type LoadResult = ClosedLoopResult | OpenLoopResult;

export type LoadMessage = { readonly result: LoadResult } | { readonly failed: string };
