import { type RefObject, useEffect, useLayoutEffect, useRef } from "react";

/**
 * Where a person has scrolled to lies with the entry of the browser's history: a reload and the way back go on there. The
 * browser itself looks for the place before there is anything to scroll, since what is shown is asked for first.
 */
type Tops = Readonly<Record<string, number>>;

const WINDOW = "window";

/** A frame's place, and the window's, once the frame has something to scroll. */
export function useKeptScroll(
  frame: RefObject<HTMLElement | null>,
  { name, isFilled }: { readonly name: string; readonly isFilled: boolean },
): void {
  const isBack = useRef(false);
  useLayoutEffect(() => {
    if (!isFilled || isBack.current) return;
    isBack.current = true;
    const top = kept(name);
    if (top !== undefined) frame.current?.scrollTo({ top });
    const ofWindow = kept(WINDOW);
    if (ofWindow !== undefined) scrollTo({ top: ofWindow });
  }, [frame, name, isFilled]);
  useEffect(() => {
    const element = frame.current;
    const keepIt = (): void => keep(name, element?.scrollTop ?? 0);
    element?.addEventListener("scrollend", keepIt);
    return () => element?.removeEventListener("scrollend", keepIt);
  }, [frame, name]);
}

/** Of the whole window, for as long as there are pages. */
export function useKeptWindowScroll(): void {
  useEffect(() => {
    // Who does not tell it keeps the place as it can.
    if (!("onscrollend" in window)) return;
    const before = history.scrollRestoration;
    history.scrollRestoration = "manual";
    const keepIt = (): void => keep(WINDOW, scrollY);
    document.addEventListener("scrollend", keepIt);
    return () => {
      history.scrollRestoration = before;
      document.removeEventListener("scrollend", keepIt);
    };
  }, []);
}

/** Where the window was on this page; a page that is new begins at its top. */
export function goToKeptPlace(): void {
  scrollTo({ top: kept(WINDOW) ?? 0 });
}

function kept(name: string): number | undefined {
  return (history.state as { readonly tops?: Tops } | null)?.tops?.[name];
}

function keep(name: string, top: number): void {
  const { tops } = (history.state ?? {}) as { readonly tops?: Tops };
  history.replaceState({ tops: { ...tops, [name]: top } }, "");
}
