import type { ColumnSort, OnChangeFn, SortingState } from "@tanstack/react-table";
import { useMemo } from "react";
import { addressOf, goTo, useAddress } from "./address.tsx";
import type { Fault } from "./faults.tsx";

export interface Sorting {
  readonly sorting: SortingState;
  readonly onSortingChange: OnChangeFn<SortingState>;
  /** What the address says that no column is called. */
  readonly faults: readonly Fault[];
}

/**
 * How a table is sorted, as the address says it: `lag` is rising, `-lag` falling. It is kept over a reload, and sent with the
 * address. Without it the table is sorted by `own`, or as its items come.
 */
export function useSorting(about: {
  readonly field: string;
  readonly columns: readonly string[];
  readonly own: ColumnSort | undefined;
}): Sorting {
  const { field, columns, own } = about;
  const { path, query } = useAddress();
  const given = query.get(field);
  const asked = sortOf(given);
  const isUsed = asked !== undefined && columns.includes(asked.id);
  const { id, desc } = (isUsed ? asked : own) ?? { id: undefined, desc: false };
  const sorting = useMemo<SortingState>(() => (id === undefined ? [] : [{ id, desc }]), [id, desc]);
  const onSortingChange: OnChangeFn<SortingState> = (update) => {
    const [next] = typeof update === "function" ? update(sorting) : update;
    const text = next === undefined ? undefined : `${next.desc ? "-" : ""}${next.id}`;
    goTo(addressOf(path, { ...Object.fromEntries(query), [field]: text }), { replace: true });
  };
  const isFault = given !== null && given !== "" && !isUsed;
  const allowed = `${columns.join(", ")}; with - before it falling`;
  return { sorting, onSortingChange, faults: isFault ? [{ field, given, allowed }] : [] };
}

function sortOf(text: string | null): ColumnSort | undefined {
  if (text === null || text === "") return undefined;
  const desc = text.startsWith("-");
  return { id: desc ? text.slice(1) : text, desc };
}
