/** A block of shell commands in a document, as its fence marks it. */
export interface ShellBlock {
  readonly path: string;
  /** Of its first command. */
  readonly line: number;
  /**
   * ```` ```sh run ````: a test runs it, and it ends as `exits` says (`exit=1`; default 0). ```` ```sh check ````: it
   * needs what a test does not have; its commands are held against the command line's definition.
   */
  readonly mode: "run" | "check";
  readonly exits: number;
  readonly text: string;
}

/** All fenced shell of a document. Throws naming the line of a fence that does not say what becomes of it. */
export function shellBlocks(path: string, document: string): readonly ShellBlock[] {
  const blocks: ShellBlock[] = [];
  const lines = document.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*```(sh|bash|shell|console)\b(.*)$/.exec(lines[at] ?? "");
    if (fence === null) continue;
    const end = lines.findIndex((line, index) => index > at && /^\s*```\s*$/.test(line));
    const [mode, ...rest] = (fence[2] ?? "").trim().split(/\s+/);
    const exits = /^exit=(\d+)$/.exec(rest[0] ?? "exit=0")?.[1];
    const isKnown = fence[1] === "sh" && (mode === "run" || mode === "check") && rest.length < 2;
    if (!isKnown || exits === undefined || end < 0)
      throw new Error(
        `${path}:${at + 1}: a fence of commands is "sh run", "sh run exit=<code>" or "sh check"`,
      );
    const text = lines.slice(at + 1, end).join("\n");
    blocks.push({ path, line: at + 2, mode, exits: Number(exits), text });
    at = end;
  }
  return blocks;
}

/** Commands of Bourse that a document names in its running text, between backticks. */
export function namedCommands(document: string): readonly string[] {
  const prose = document.replace(/^\s*```[\s\S]*?^\s*```\s*$/gm, "");
  return [...prose.matchAll(/`((?:npx bourse|npm)\s[^`]+)`/g)].map(([, command = ""]) =>
    command.replace(/\s+/g, " "),
  );
}
