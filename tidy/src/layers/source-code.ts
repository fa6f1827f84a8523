import { type Node, parseSync, visitorKeys } from "oxc-parser";
import type { TextFile } from "../repository.ts";

/** What the rules want to know of a TypeScript file. */
export interface SourceCode {
  readonly path: string;
  /** Everything it names in import, export-from, import(), import type and require. */
  readonly imports: readonly Import[];
  /** Names that it uses and that are not members or keys: `Date`; and members of them: `Date.now`. */
  readonly uses: readonly Use[];
}

export interface Import {
  readonly from: string;
  /** Imported names; empty for a whole module. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Use {
  /** `Date`, `Math.random`, `new Date` (without arguments), `Date()` (the call). */
  readonly name: string;
  readonly line: number;
}

/** Undefined where the file does not parse. */
export function readSourceCode(file: TextFile): SourceCode | undefined {
  const { program, errors } = parseSync(file.path, file.text);
  if (errors.length > 0) return undefined;
  const lineAt = lineFinder(file.text);
  const imports: Import[] = [];
  const uses: Use[] = [];
  walk(program, (node, isReference) => {
    const line = lineAt(node.start);
    const request = importOf(node);
    if (request !== undefined) imports.push({ ...request, line });
    for (const name of usesOf(node, isReference)) uses.push({ name, line });
  });
  return { path: file.path, imports, uses };
}

function importOf(node: Node): Omit<Import, "line"> | undefined {
  switch (node.type) {
    case "ImportDeclaration":
      return { from: node.source.value, names: node.specifiers.flatMap(importedName) };
    case "ExportNamedDeclaration":
      return node.source === null ? undefined : { from: node.source.value, names: [] };
    case "ExportAllDeclaration":
      return { from: node.source.value, names: [] };
    case "ImportExpression":
    case "TSImportType":
      return literalImport(node.source);
    case "TSExternalModuleReference":
      return literalImport(node.expression);
    case "CallExpression":
      return node.callee.type === "Identifier" && node.callee.name === "require"
        ? literalImport(node.arguments[0])
        : undefined;
    default:
      return undefined;
  }
}

function importedName(specifier: Node): readonly string[] {
  if (specifier.type !== "ImportSpecifier") return [];
  return [specifier.imported.type === "Literal" ? specifier.imported.value : specifier.imported.name];
}

function literalImport(source: Node | undefined): Omit<Import, "line"> | undefined {
  if (source?.type === "Literal" && typeof source.value === "string")
    return { from: source.value, names: [] };
  if (source?.type === "TemplateLiteral" && source.expressions.length === 0) {
    return { from: source.quasis[0]?.value.cooked ?? "", names: [] };
  }
  return undefined;
}

function usesOf(node: Node, isReference: boolean): readonly string[] {
  switch (node.type) {
    case "Identifier":
      return isReference ? [node.name] : [];
    case "NewExpression":
      return node.callee.type === "Identifier" && node.arguments.length === 0
        ? [`new ${node.callee.name}`]
        : [];
    case "CallExpression":
      return node.callee.type === "Identifier" ? [`${node.callee.name}()`] : [];
    case "MemberExpression":
      return node.object.type === "Identifier" && !node.computed && node.property.type === "Identifier"
        ? [`${node.object.name}.${node.property.name}`]
        : [];
    default:
      return [];
  }
}

type Visit = (node: Node, isReference: boolean) => void;

function walk(node: Node, visit: Visit, isReference = true): void {
  visit(node, isReference);
  for (const key of visitorKeys[node.type] ?? []) {
    const value: unknown = Reflect.get(node, key);
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, visit, !isMereName(node, key));
    }
  }
}

/** Whether the identifier under `key` names a member or a key and is not a variable. */
function isMereName(node: Node, key: string): boolean {
  if (node.type === "ImportSpecifier" || node.type === "ExportSpecifier") return true;
  if (key === "property") return node.type === "MemberExpression" && !node.computed;
  if (key !== "key" && key !== "right") return key === "label";
  return key === "right" ? node.type === "TSQualifiedName" : !(Reflect.get(node, "computed") === true);
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string";
}

function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
