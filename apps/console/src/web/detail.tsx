import { type ReactNode, useEffect, useRef } from "react";

/**
 * What was opened of a table: beside it, or below it where there is no room. Who has opened it is led there from its row,
 * since other rows, and on a telephone the whole table, lie between.
 */
export function Detail({
  label,
  title,
  action,
  onClose,
  children,
}: {
  readonly label: string;
  readonly title: string;
  readonly action?: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  const aside = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another label is another one that was opened
  useEffect(() => {
    if (document.activeElement instanceof HTMLTableRowElement) aside.current?.focus();
  }, [label]);
  return (
    <aside ref={aside} className="detail" aria-label={label} tabIndex={-1}>
      <div className="detail-head">
        <strong>{title}</strong>
        {action}
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </div>
      {children}
    </aside>
  );
}
