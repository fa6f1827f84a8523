import type { Rows, Statement, Transaction } from "@bourse/store";

/** The old tables against the new ones, in one snapshot. */
export interface RebuildComparison {
  /** Whether both have applied the same numbers: only then a difference is a fault of one of them. */
  readonly sameMarks: boolean;
  /** Numbers that the new generation has still to apply. */
  readonly behind: number;
  readonly tables: readonly {
    readonly table: string;
    readonly rows: number;
    readonly rebuiltRows: number;
    readonly onlyInOld: number;
    readonly onlyInNew: number;
    /** A few of those rows, as JSON: `old` and `new`. */
    readonly examples: readonly { readonly side: "old" | "new"; readonly row: string }[];
  }[];
}

const EXAMPLES = 10;

/** Long enough for whole tables, which are hashed in memory, and shorter than the store waits for an answer. */
export const WHOLE_TABLES: readonly Statement[] = [
  { text: "SELECT set_config('statement_timeout', '14s', true)", values: [] },
  { text: "SELECT set_config('enable_seqscan', 'on', true)", values: [] },
  { text: "SELECT set_config('enable_hashjoin', 'on', true)", values: [] },
  { text: "SELECT set_config('work_mem', '64MB', true)", values: [] },
];

/** In the transaction of the comparison. `next` is where the new generation's table lies. */
export async function compareTable(
  tx: Pick<Transaction, "run">,
  table: string,
  next: string,
): Promise<RebuildComparison["tables"][number]> {
  // One after the other: each has as long as whole tables take.
  const rowsOf = async (text: string): Promise<Rows> => (await tx.run([{ text, values: [] }]))[0] ?? [];
  const [count] = await rowsOf(
    `SELECT (SELECT count(*) FROM ${table}) AS rows, (SELECT count(*) FROM ${next}) AS rebuilt`,
  );
  const onlyOld = await rowsOf(onlyIn(table, next));
  const onlyNew = await rowsOf(onlyIn(next, table));
  const examples = [
    ...onlyOld.map((each) => ({ side: "old" as const, row: String(each.row) })),
    ...onlyNew.map((each) => ({ side: "new" as const, row: String(each.row) })),
  ];
  return {
    table,
    rows: Number(count?.rows),
    rebuiltRows: Number(count?.rebuilt),
    onlyInOld: Number(onlyOld[0]?.total ?? 0),
    onlyInNew: Number(onlyNew[0]?.total ?? 0),
    examples,
  };
}

/** A few of the rows that `left` alone has, each with how many there are. */
function onlyIn(left: string, right: string): string {
  return `WITH d AS MATERIALIZED (SELECT * FROM ${left} EXCEPT ALL SELECT * FROM ${right})
    SELECT row_to_json(d)::text AS row, (SELECT count(*) FROM d) AS total FROM d ORDER BY 1 LIMIT ${EXAMPLES}`;
}

const MARKS_TEXT = `SELECT topic, partition, producer, epoch, sequence FROM marks WHERE subscription = $1
  ORDER BY topic, partition, producer`;

export function marksOf(subscription: string): Statement {
  return { text: MARKS_TEXT, values: [subscription] };
}

export function lockMarksOf(subscription: string): Statement {
  return { text: `${MARKS_TEXT} FOR UPDATE`, values: [subscription] };
}

/** How many numbers `built` has still to apply to be where `old` is; an epoch behind counts as one more. */
export function behindBy(old: Rows, built: Rows): number {
  const reached = new Map(built.map((row) => [markKey(row), row]));
  let behind = 0;
  for (const row of old) {
    const other = reached.get(markKey(row));
    const numbers = Number(row.sequence) - Number(other?.sequence ?? 0);
    behind += Math.max(numbers, Number(row.epoch) > Number(other?.epoch ?? 0) ? 1 : 0);
  }
  return behind;
}

function markKey(row: Rows[number]): string {
  return `${row.topic}/${row.partition}/${row.producer}`;
}
