/**
 * YAML to plain values, with the line of each, and without YAML's traps: a key twice, several documents, tags that
 * build other things than text, numbers, lists and mappings, and aliases that blow a small file up.
 */
import {
  type Alias,
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { Fault } from './configuration-error.ts';

/** Anchors may be used; a file that repeats them more often than this is not a configuration. */
const ALIASES_MAX = 100;

export type YamlText = {
  readonly value: unknown;
  /** The line of the value at a path, or of the nearest thing above it; for a key of a mapping, the key's line. */
  readonly lineOf: (path: readonly PropertyKey[]) => number | undefined;
};

/** Parses one document. Its faults come instead when there are any. */
export function parseYaml(text: string): YamlText | { readonly faults: readonly Fault[] } {
  const lines = new LineCounter();
  // Keys are compared below: the parser's own comparison takes minutes for a file of nothing but keys.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    uniqueKeys: false,
    resolveKnownTags: false,
  });
  const wrong = [...document.errors, ...document.warnings];
  if (wrong.length > 0) {
    const faults = wrong.map((error) => ({
      path: '',
      line: lines.linePos(error.pos[0]).line,
      message: `not the YAML that was expected: ${error.message}`,
    }));
    return { faults };
  }
  const traps = [...keysTwice(document, lines), ...wrongAliases(document, lines)];
  if (traps.length > 0) return { faults: traps };
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    return { value, lineOf: (path) => lineOf(document, lines, path) };
  } catch (error) {
    // The parser's word for few aliases that stand for many.
    if (!(error instanceof ReferenceError)) throw error;
    return { faults: [{ path: '', message: TOO_MANY_ALIASES }] };
  }
}

const TOO_MANY_ALIASES = `aliases stand for more than ${ALIASES_MAX} values, expected a file without such repetition`;

function fault(path: string, line: number | undefined, message: string): Fault {
  return { path, ...(line === undefined ? {} : { line }), message };
}

function keysTwice(document: Document, lines: LineCounter): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Map: (_, map) => {
      const first = new Map<unknown, number | undefined>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const line = lineOfNode(key, lines);
        if (first.has(key.value)) {
          const earlier = first.get(key.value);
          faults.push(
            fault(String(key.value), line, `the key stands twice in one mapping, first in line ${earlier}`),
          );
        } else first.set(key.value, line);
      }
    },
  });
  return faults;
}

function wrongAliases(document: Document, lines: LineCounter): Fault[] {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  if (aliases.length > ALIASES_MAX) return [{ path: '', message: TOO_MANY_ALIASES }];
  return aliases
    .filter((alias) => alias.resolve(document) === undefined)
    .map((alias) =>
      fault('', lineOfNode(alias, lines), `*${alias.source}: no anchor &${alias.source} stands before it`),
    );
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const above = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const last = path[length - 1];
    if (isMap(above)) {
      const pair = above.items.find(({ key }) => isScalar(key) && key.value === last);
      if (pair !== undefined) return lineOfNode(pair.key as Node, lines);
    }
    const node = document.getIn(path.slice(0, length), true);
    if (node !== undefined && node !== null) return lineOfNode(node as Node, lines);
  }
  return undefined;
}

function lineOfNode(node: Node, lines: LineCounter): number | undefined {
  const start = node.range?.[0];
  return start === undefined ? undefined : lines.linePos(start).line;
}
