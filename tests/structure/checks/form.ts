/**
 * The form of files: short, opened by a comment, named for what they are, without leftovers.
 */
import { isNode, type Node, nameOf, sourceOf, walk } from '../syntax.ts';
import { type Finding, isSource, type Tree } from '../tree.ts';

const LINES_MAX = 350;

const NAMES = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'types']);

const MARKER = /\b(TODO|FIXME|XXX|HACK)\b/;

const SILENCED = new RegExp(
  `@ts-(${['ignore', 'expect-error', 'nocheck'].join('|')})|(oxlint|eslint)-disable`,
);

const SUITES = new Set(['it', 'test', 'describe', 'suite', 'bench']);
const UNFINISHED = new Set(['only', 'skip', 'todo']);
const SHORT_FORMS = new Set(['fit', 'fdescribe', 'xit', 'xdescribe', 'xtest']);

/** Length, header, name and leftovers of every file that people write. */
export function checkForm(tree: Tree): readonly Finding[] {
  return tree.paths.flatMap((path) => [
    ...name(path),
    ...(isWritten(path) ? [...length(tree, path), ...header(tree, path)] : []),
    ...(isSource(path) ? syntax(tree, path) : markers(tree, path)),
  ]);
}

function isWritten(path: string): boolean {
  return isSource(path) || /\.(lua|css|html|sh|mq5|mqh|cpp|h)$/.test(path) || path === '.ci/run';
}

function name(path: string): Finding[] {
  const bad = path
    .split('/')
    .map((part) => part.split('.', 1)[0] ?? '')
    .find((part) => NAMES.has(part));
  return bad === undefined ? [] : [{ path, says: `is named ${bad}; name it for what it is about` }];
}

function length(tree: Tree, path: string): Finding[] {
  const lines = tree.text(path).trimEnd().split('\n').length;
  return lines <= LINES_MAX ? [] : [{ path, says: `has ${lines} lines, of ${LINES_MAX} at most; split it` }];
}

function header(tree: Tree, path: string): Finding[] {
  const text = tree
    .text(path)
    .replace(/^#!.*\n/, '')
    .replace(/^<!doctype html>\s*/i, '')
    .trimStart();
  const opens = ['/*', '//', '--', '#', '<!--'].some((start) => text.startsWith(start));
  return opens ? [] : [{ path, says: 'opens without a comment that says what it is and why' }];
}

function markers(tree: Tree, path: string): Finding[] {
  if (!/\.(md|lua|json|ya?ml|css|html|sh|mq5|mqh|cpp|h)$/.test(path) || path === 'package-lock.json')
    return [];
  const found = MARKER.exec(tree.text(path));
  return found ? [{ path, says: `has a leftover marker ${found[0]}` }] : [];
}

function syntax(tree: Tree, path: string): Finding[] {
  const { program, comments, line } = sourceOf(tree, path);
  const findings: Finding[] = [];
  const add = (offset: number, says: string): void =>
    void findings.push({ path: `${path}:${line(offset)}`, says });
  for (const { text, start } of comments) {
    const marker = MARKER.exec(text);
    if (marker) add(start, `has a leftover marker ${marker[0]}`);
    const silenced = SILENCED.exec(text);
    if (silenced) add(start, `silences a check by ${silenced[0]}; mend what it says`);
  }
  walk(program, (node) => {
    if (node.type === 'TSAnyKeyword') add(node.start, 'uses the type any; say what it is, or unknown');
    const unfinished = unfinishedTest(node);
    if (unfinished !== undefined) add(node.start, `has ${unfinished}; a test runs or is deleted`);
  });
  return findings;
}

function unfinishedTest(node: Node): string | undefined {
  if (node.type === 'CallExpression') {
    const called = nameOf(node['callee']);
    return called !== undefined && SHORT_FORMS.has(called) ? called : undefined;
  }
  if (node.type !== 'MemberExpression') return undefined;
  const property = nameOf(node['property']);
  const root = rootName(node);
  if (property === undefined || root === undefined || !SUITES.has(root) || !UNFINISHED.has(property))
    return undefined;
  return `${root}.${property}`;
}

function rootName(node: Node): string | undefined {
  const object = node['object'];
  if (isNode(object) && object.type === 'MemberExpression') return rootName(object);
  return nameOf(object);
}
