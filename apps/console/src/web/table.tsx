import {
  type Cell,
  type ColumnDef,
  type ColumnSort,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type Row,
  type RowData,
  useReactTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useLayoutEffect, useRef } from "react";
import { FaultList } from "./faults.tsx";
import { useKeptScroll } from "./kept-scroll.ts";
import { useSorting } from "./sorting.ts";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData extends RowData, TValue> {
    /** Figures stand at the right, so that they line up. */
    readonly figure?: boolean;
    /** Takes what room there is, and is cut where it is too long. */
    readonly wide?: boolean;
  }
}

export type Columns<Item> = readonly ColumnDef<Item, never>[];

export interface TableProps<Item> {
  readonly caption: string;
  readonly items: readonly Item[];
  readonly columns: Columns<Item>;
  readonly idOf: (item: Item) => string;
  readonly empty: string;
  /** How it is sorted until a person sorts it. */
  readonly sorted?: ColumnSort;
  /** Under which name the address says how a person has sorted it; a second table of a page has another one. */
  readonly sortField?: string;
  /** Has rows of one height and scrolls by itself: for thousands. */
  readonly tall?: boolean;
  /** Makes rows open by click and by Enter. */
  readonly onOpen?: (item: Item) => void;
  readonly opened?: string | undefined;
}

const ROW_PX = 27;
const OVERSCAN = 20;

/** A table that sorts by its heads; of a tall one only the rows in sight exist. */
export function DataTable<Item>(props: TableProps<Item>): ReactNode {
  const { caption, items, columns, idOf, empty, sorted, tall = false, opened } = props;
  const { sorting, onSortingChange, faults } = useSorting({
    field: props.sortField ?? "sort",
    columns: columns.flatMap((column) => (column.enableSorting === false ? [] : [columnId(column)])),
    own: sorted,
  });
  const scroller = useRef<HTMLDivElement>(null);
  useWayBack(scroller, opened);
  const table = useReactTable({
    data: items as Item[],
    columns: columns as ColumnDef<Item, never>[],
    getRowId: idOf,
    state: { sorting },
    onSortingChange,
    enableMultiSort: false,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
  });
  const { rows } = table.getRowModel();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    enabled: tall,
  });
  // After the virtualizer, which begins at the top.
  useKeptScroll(scroller, { name: caption, isFilled: rows.length > 0 });
  useSteadyRows(scroller, { rows, sorting, isFixed: tall });
  const seen = tall ? virtual.getVirtualItems() : [];
  const [before, after] = tall
    ? [seen[0]?.start ?? 0, virtual.getTotalSize() - (seen.at(-1)?.end ?? 0)]
    : [0, 0];
  const places = tall ? seen.map(({ index }) => index) : rows.keys();
  const shown = Array.from(places).flatMap((at) => {
    const row = rows[at];
    return row === undefined ? [] : [{ row, at }];
  });
  return (
    <>
      {faults.length === 0 ? null : (
        <div className="failure" role="alert">
          <FaultList faults={faults} />
        </div>
      )}
      <div
        ref={scroller}
        className={tall ? "table-frame tall" : "table-frame"}
        // A region that scrolls has to be reachable by the keyboard.
        {...(tall ? { tabIndex: 0, role: "region", "aria-label": caption } : {})}
      >
        <table aria-rowcount={rows.length + 1}>
          <caption className="unseen">{caption}</caption>
          <thead>
            {table.getHeaderGroups().map((group) => (
              <tr key={group.id}>
                {group.headers.map(({ id, column, getContext }) => {
                  const direction = column.getIsSorted();
                  const head = flexRender(column.columnDef.header, getContext());
                  return (
                    <th
                      key={id}
                      scope="col"
                      className={cellClass(column.columnDef.meta)}
                      aria-sort={
                        direction === false ? undefined : direction === "asc" ? "ascending" : "descending"
                      }
                    >
                      {column.getCanSort() ? (
                        <button type="button" onClick={column.getToggleSortingHandler()}>
                          {head}
                          <span aria-hidden="true">
                            {direction === false ? "" : direction === "asc" ? "↑" : "↓"}
                          </span>
                        </button>
                      ) : (
                        head
                      )}
                    </th>
                  );
                })}
              </tr>
            ))}
          </thead>
          <tbody>
            {before > 0 ? <Gap px={before} columns={columns.length} /> : null}
            {shown.map(({ row, at }) => (
              <TableRow key={row.id} row={row} at={at} {...props} />
            ))}
            {after > 0 ? <Gap px={after} columns={columns.length} /> : null}
          </tbody>
        </table>
        {rows.length === 0 ? <p className="empty">{empty}</p> : null}
      </div>
    </>
  );
}

/** What was open is closed, and the keyboard's place with it: it goes on at its row, or at the table where that is out of sight. */
function useWayBack(scroller: RefObject<HTMLDivElement | null>, opened: string | undefined): void {
  const before = useRef(opened);
  useEffect(() => {
    const closed = before.current;
    before.current = opened;
    if (closed === undefined || opened !== undefined || document.activeElement !== document.body) return;
    const row = scroller.current?.querySelector<HTMLElement>(`tr[data-id="${CSS.escape(closed)}"]`);
    (row ?? scroller.current)?.focus();
  }, [opened, scroller]);
}

/** What comes above does not push away what is being read: the row at the top stays there. */
function useSteadyRows<Item>(
  scroller: RefObject<HTMLDivElement | null>,
  about: { readonly rows: readonly Row<Item>[]; readonly sorting: unknown; readonly isFixed: boolean },
): void {
  const { rows, sorting, isFixed } = about;
  const before = useRef({ rows, sorting });
  useLayoutEffect(() => {
    const last = before.current;
    before.current = { rows, sorting };
    const frame = scroller.current;
    if (!isFixed || frame === null || frame.scrollTop === 0) return;
    if (last.rows === rows || last.sorting !== sorting) return;
    const at = Math.floor(frame.scrollTop / ROW_PX);
    const now = rows.findIndex(({ id }) => id === last.rows[at]?.id);
    if (now > at) frame.scrollTop += (now - at) * ROW_PX;
  }, [scroller, rows, sorting, isFixed]);
}

function columnId<Item>(column: ColumnDef<Item, never>): string {
  return column.id ?? ("accessorKey" in column ? String(column.accessorKey) : "");
}

function TableRow<Item>({
  row,
  at,
  onOpen,
  opened,
}: {
  readonly row: Row<Item>;
  /** Among those that are shown: as it is sorted. */
  readonly at: number;
} & Pick<TableProps<Item>, "onOpen" | "opened">): ReactNode {
  const open = onOpen === undefined ? undefined : () => onOpen(row.original);
  return (
    <tr
      aria-rowindex={at + 2}
      data-id={row.id}
      {...(open === undefined
        ? {}
        : {
            className: "opens",
            tabIndex: 0,
            "aria-current": opened === row.id ? "true" : undefined,
            onClick: open,
            onKeyDown: (event) => {
              const act =
                event.target === event.currentTarget
                  ? rowActs(event.currentTarget, open)[event.key]
                  : undefined;
              if (act === undefined) return;
              event.preventDefault();
              act();
            },
          })}
    >
      {row.getVisibleCells().map((cell) => (
        <td key={cell.id} className={cellClass(cell.column.columnDef.meta)} title={titleOf(cell)}>
          {flexRender(cell.column.columnDef.cell, cell.getContext())}
        </td>
      ))}
    </tr>
  );
}

/** Longer texts may be cut; what is wide has a title of its own where one helps. */
const SURELY_WHOLE = 24;

function titleOf<Item>(cell: Cell<Item, unknown>): string | undefined {
  const text = cell.getValue();
  if (typeof text !== "string" || text.length <= SURELY_WHOLE) return undefined;
  return cell.column.columnDef.meta?.wide === true ? undefined : text;
}

/** What a key does on a row that opens. */
function rowActs(row: HTMLElement, open: () => void): Readonly<Record<string, (() => void) | undefined>> {
  const beside = (place: "nextElementSibling" | "previousElementSibling") => () => {
    const other = row[place];
    if (other instanceof HTMLElement) other.focus();
  };
  return {
    Enter: open,
    " ": open,
    ArrowDown: beside("nextElementSibling"),
    ArrowUp: beside("previousElementSibling"),
  };
}

/** Stands for the rows that are out of sight. */
function Gap({ px, columns }: { readonly px: number; readonly columns: number }): ReactNode {
  return (
    <tr>
      <td colSpan={columns} className="gap" style={{ height: `${px}px` }} />
    </tr>
  );
}

function cellClass(
  meta: { readonly figure?: boolean; readonly wide?: boolean } | undefined,
): string | undefined {
  if (meta?.figure === true) return "figure";
  return meta?.wide === true ? "wide" : undefined;
}
