interface Entry<Value> {
  readonly method: string;
  readonly path: string;
  readonly value: Value;
}

export interface Found<Value> {
  readonly value: Value;
  readonly params: Readonly<Record<string, string>>;
}

/** Routes by method and path without a socket: for calls in process, and for the `Allow` of a 405. */
export class RouteTable<Value> {
  readonly #exact = new Map<string, Value>();
  readonly #patterns: (Entry<Value> & { readonly regex: RegExp; readonly names: readonly string[] })[] = [];

  constructor(entries: readonly Entry<Value>[]) {
    for (const entry of entries) {
      this.#patterns.push({ ...entry, ...compilePath(entry.path) });
      if (!entry.path.includes(":")) this.#exact.set(`${entry.method} ${entry.path}`, entry.value);
    }
  }

  find(method: string, path: string): Found<Value> | null {
    const exact = this.#exact.get(`${method} ${path}`);
    if (exact !== undefined) return { value: exact, params: {} };
    for (const pattern of this.#patterns) {
      const match = pattern.method === method ? pattern.regex.exec(path) : null;
      if (match === null) continue;
      const params = pattern.names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? "")]);
      return { value: pattern.value, params: Object.fromEntries(params) };
    }
    return null;
  }

  methods(path: string): readonly string[] {
    const [bare = ""] = path.split("?");
    return [
      ...new Set(this.#patterns.filter(({ regex }) => regex.test(bare)).map(({ method }) => method)),
    ].sort();
  }
}

function compilePath(path: string): { readonly regex: RegExp; readonly names: readonly string[] } {
  const names: string[] = [];
  const source = path
    .split("/")
    .map((part) => {
      if (part === "*") return ".*";
      if (!part.startsWith(":")) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      names.push(part.slice(1));
      return "([^/]+)";
    })
    .join("/");
  return { regex: new RegExp(`^${source}$`), names };
}
