import type { Rows, Statement, Store } from "@bourse/store";

/** A store whose transactions see the new tables in front of the old ones, and none of which outlives the building. */
export function rebuildStore(
  store: Store,
  about: { readonly searchPath: string; readonly subscription: string; readonly generation: number },
): Store {
  const front: readonly Statement[] = [
    { text: "SELECT set_config('search_path', $1, true)", values: [about.searchPath] },
    { text: "SELECT rebuild_guard($1, $2)", values: [about.subscription, about.generation] },
  ];
  return {
    transaction: (name, work) =>
      store.transaction(name, (tx) => {
        let sent = false;
        const guard = async (
          send: (statements: readonly Statement[]) => Promise<readonly Rows[]>,
          statements: readonly Statement[],
        ): Promise<readonly Rows[]> => {
          if (sent) return send(statements);
          sent = true;
          return (await send([...front, ...statements])).slice(front.length);
        };
        return work({
          run: (statements) => guard((each) => tx.run(each), statements),
          commit: (statements = []) => guard((each) => tx.commit(each), statements),
        });
      }),
    query: (statement) => store.query(statement),
    scan: (statement) => store.scan(statement),
    queries: (statements) => store.queries(statements),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}
