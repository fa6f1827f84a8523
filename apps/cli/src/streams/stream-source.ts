import type { CountedBy, Sought } from "@bourse/bus";
import type { RecordView } from "../topic-records.ts";

/** Where streams are looked at: through a platform's gateway, or on a Kafka directly. Offsets are decimal strings. */
export interface StreamSource {
  /** A topic's partitions. Throws `CliError` naming the topics there are. */
  partitions(topic: string): Promise<readonly StreamPartition[]>;
  /** A piece of a partition: from an offset on, or the last ones. */
  find(at: StreamPlace, filter: StreamFilter, piece: Piece): Promise<StreamPage>;
  /** One bounded part of a count; it goes on from `nextOffset` up to `until`. */
  count(at: StreamPlace, filter: StreamFilter, how: CountPart): Promise<CountedPart>;
  position(topic: string, sought: Sought, from?: string): Promise<readonly StreamPosition[]>;
  /** How far groups are. */
  lag(): Promise<LagView>;
  /** Sets what a group without members has committed; undefined: this source can't. */
  moveGroup?: (group: string, topic: string, positions: readonly StreamPosition[]) => Promise<void>;
  close(): Promise<void>;
}

export interface StreamPlace {
  readonly topic: string;
  readonly partition: number;
}

export interface StreamPartition {
  readonly partition: number;
  readonly earliest: string;
  readonly latest: string;
}

export interface StreamFilter {
  readonly key?: string;
  readonly type?: string;
  /** Milliseconds since the epoch, both included. */
  readonly fromMs?: number;
  readonly toMs?: number;
}

export type Piece =
  | { readonly last: number }
  | { readonly from: string; readonly limit: number; readonly waitMs?: number };

export interface StreamPage {
  readonly records: readonly RecordView[];
  readonly nextOffset: string;
  readonly complete: boolean;
}

export interface CountPart {
  readonly by: CountedBy;
  readonly from?: string;
  readonly until?: string;
}

export interface CountedPart {
  readonly counts: readonly { readonly name: string | null; readonly records: number }[];
  readonly nextOffset: string;
  readonly until: string;
  readonly complete: boolean;
}

export interface StreamPosition {
  readonly partition: number;
  readonly offset: string;
  readonly record: RecordView | null;
  readonly complete: boolean;
}

export interface LagView {
  readonly rows: readonly LagRow[];
  readonly groups: readonly { readonly group: string; readonly state: string; readonly members: number }[];
  readonly silent: readonly string[];
  /** Groups whose rows may not be all. */
  readonly unknown: readonly { readonly group: string; readonly reason: string }[];
}

/** As `GET /api/v1/platform/lag` answers it. */
export interface LagRow {
  readonly group: string;
  readonly service: string | null;
  readonly kind: string;
  readonly topic: string;
  readonly partition: number;
  readonly state: string;
  readonly source: string;
  readonly position: string | null;
  readonly end: string | null;
  readonly lag: number | null;
  readonly committed: string | null;
  readonly committedLag: number | null;
  readonly error: string | null;
}
