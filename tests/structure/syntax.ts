/**
 * What the checks know of a source file, read from its syntax tree and not by searching its text: so a banned word in
 * a string or in a comment is none, and an import in any form is one. The parser is the one that rolldown carries.
 */
import { parseSync } from 'rolldown/utils';
import type { Tree } from './tree.ts';

export type Node = { readonly type: string; readonly start: number; readonly end: number } & Readonly<
  Record<string, unknown>
>;

export type Import = {
  /** The package or path that is imported. */
  readonly from: string;
  /** What is taken from it by name; empty where all is or nothing can be said. */
  readonly names: readonly string[];
  readonly line: number;
};

export type Comment = {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly block: boolean;
};

export type Source = {
  readonly program: Node;
  readonly imports: readonly Import[];
  /** Every string in the file: literals, and the fixed parts of templates. */
  readonly strings: readonly { readonly value: string; readonly line: number }[];
  readonly comments: readonly Comment[];
  readonly line: (offset: number) => number;
};

const parsed = new WeakMap<Tree, Map<string, Source>>();

/** Parses a file of the tree, once. A file that cannot be parsed is an error, never a file without findings. */
export function sourceOf(tree: Tree, path: string): Source {
  const known = parsed.get(tree) ?? new Map<string, Source>();
  parsed.set(tree, known);
  const source = known.get(path) ?? parse(path, tree.text(path));
  known.set(path, source);
  return source;
}

/** Calls `visit` for each node, outer ones first, with the node around it. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined, key: string) => void): void {
  const go = (value: unknown, parent: Node | undefined, key: string): void => {
    if (Array.isArray(value)) {
      for (const item of value) go(item, parent, key);
    } else if (isNode(value)) {
      visit(value, parent, key);
      for (const [name, child] of Object.entries(value)) go(child, value, name);
    }
  };
  go(node, undefined, '');
}

/** Whether a value of the syntax tree is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string';
}

/** The name of an identifier node, else undefined. */
export function nameOf(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' && typeof value['name'] === 'string'
    ? value['name']
    : undefined;
}

function parse(path: string, text: string): Source {
  const result = parseSync(path, text, { sourceType: 'module' });
  const error = result.errors[0];
  if (error) throw new Error(`${path} cannot be parsed: ${error.message}`);
  const line = lineFinder(text);
  const program = result.program as unknown as Node;
  const imports: Import[] = [];
  const strings: { value: string; line: number }[] = [];
  walk(program, (node) => {
    const found = importIn(node);
    if (found) imports.push({ ...found, line: line(node.start) });
    const value = stringIn(node);
    if (value !== undefined) strings.push({ value, line: line(node.start) });
  });
  const comments = result.comments.map(({ value, start, end, type }) => ({
    text: value,
    start,
    end,
    block: type === 'Block',
  }));
  return { program, imports, strings, comments, line };
}

function lineFinder(text: string): (offset: number) => number {
  return (offset) => text.slice(0, offset).split('\n').length;
}

function stringIn(node: Node): string | undefined {
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  if (node.type !== 'TemplateElement') return undefined;
  const value = node['value'];
  if (typeof value !== 'object' || value === null) return undefined;
  const cooked: unknown = Reflect.get(value, 'cooked');
  return typeof cooked === 'string' ? cooked : undefined;
}

/** Every way to import: import, export from, import(), import x = require(), import types, require and import.meta.resolve. */
function importIn(node: Node): { from: string; names: string[] } | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return named(node['source'], specifierNames(node['specifiers']));
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return named(node['source'], []);
    case 'TSExternalModuleReference':
      return named(node['expression'], []);
    case 'CallExpression':
      return resolves(node['callee']) && Array.isArray(node['arguments'])
        ? named(node['arguments'][0], [])
        : undefined;
    default:
      return undefined;
  }
}

function named(source: unknown, names: string[]): { from: string; names: string[] } | undefined {
  const from = isNode(source) ? stringIn(source) : undefined;
  return from === undefined ? undefined : { from, names };
}

function specifierNames(specifiers: unknown): string[] {
  if (!Array.isArray(specifiers)) return [];
  return specifiers.flatMap((specifier) => (isNode(specifier) ? (nameOf(specifier['imported']) ?? []) : []));
}

function resolves(callee: unknown): boolean {
  if (!isNode(callee)) return false;
  if (nameOf(callee) === 'require') return true;
  if (callee.type !== 'MemberExpression' || nameOf(callee['property']) !== 'resolve') return false;
  const object = callee['object'];
  return isNode(object) && (object.type === 'MetaProperty' || nameOf(object) === 'require');
}
