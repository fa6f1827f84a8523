/** Node's option for an engine that breaks an invariant on a command about the group of the account `breaks` (R8). */
export const BREAKING_ENGINE: string = `--import=data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  const CASE = 'case "AccountGrouped":';
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith("/matching-program.ts")) return loaded;
      const source = String(loaded.source);
      if (source.split(CASE).length !== 2) throw new Error("there is one place to break the engine at");
      const planted = 'assert(command.accountId !== "breaks", "a fault that was planted");';
      return { ...loaded, source: source.replace(CASE, CASE + planted) };
    },
  });`)}`;
