/**
 * What is written down: public functions say what they do, docs name tests that exist, key names have one home,
 * and nothing in the tree belongs to one machine or one registry.
 */
import { isNode, type Node, nameOf, sourceOf } from '../syntax.ts';
import { type Finding, isSource, isTest, type Tree } from '../tree.ts';

/** Every exported function of the libraries has a doc comment. */
export function checkDocComments(tree: Tree): readonly Finding[] {
  return tree.paths
    .filter((path) => /^libs\/[^/]+\/src\//.test(path) && isSource(path) && !isTest(path))
    .flatMap((path) => undocumented(tree, path));
}

function undocumented(tree: Tree, path: string): Finding[] {
  const { program, comments, line } = sourceOf(tree, path);
  const body = Array.isArray(program['body']) ? program['body'].filter(isNode) : [];
  const exportedLater = new Set(body.flatMap(namesExportedLater));
  let before = '';
  return body.flatMap((statement) => {
    const exported =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration';
    const declaration = exported ? statement['declaration'] : statement;
    const names = isNode(declaration) ? functionNames(declaration) : [];
    const open = names.filter((name) => exported || exportedLater.has(name));
    const documented = comments.some(
      ({ text, block, start, end }) =>
        block &&
        text.startsWith('*') &&
        start > 0 &&
        tree.text(path).slice(end, statement.start).trim() === '',
    );
    const overload = open.length === 1 && open[0] === before;
    before = open[0] ?? '';
    if (documented || overload) return [];
    return open.map((name) => ({
      path: `${path}:${line(statement.start)}`,
      says: `exports ${name} without a doc comment`,
    }));
  });
}

function functionNames(declaration: Node): string[] {
  if (declaration.type === 'FunctionDeclaration' || declaration.type === 'TSDeclareFunction') {
    return [nameOf(declaration['id']) ?? 'default'];
  }
  const declarators = declaration.type === 'VariableDeclaration' ? declaration['declarations'] : [];
  return (Array.isArray(declarators) ? declarators.filter(isNode) : []).flatMap((one) => {
    const init = one['init'];
    const isFunction = isNode(init) && /^(ArrowFunction|Function)Expression$/.test(init.type);
    return isFunction ? (nameOf(one['id']) ?? []) : [];
  });
}

function namesExportedLater(statement: Node): string[] {
  const specifiers =
    statement.type === 'ExportNamedDeclaration' && !statement['source'] ? statement['specifiers'] : [];
  return (Array.isArray(specifiers) ? specifiers.filter(isNode) : []).flatMap(
    (one) => nameOf(one['local']) ?? [],
  );
}

/**
 * A test that is named is there: in a document by a path under tests/ or a name that ends in .test.ts, in backticks;
 * in a comment of a source by a path under tests/. And a comment names no document that is not in the tree.
 */
export function checkNamedTests(tree: Tree): readonly Finding[] {
  return tree.paths.flatMap((path) => {
    if (path.endsWith('.md')) return missing(tree, path, quotedIn(tree.text(path)));
    if (!isSource(path) || path.startsWith('tests/structure/')) return [];
    const { comments, line } = sourceOf(tree, path);
    return comments.flatMap(({ text, start }) => {
      const where = `${path}:${line(start)}`;
      const foreign = /\bDESIGN section|\(research\b/.exec(text);
      return [
        ...missing(tree, where, text.match(/\btests\/[\w./*-]*\w/g) ?? []),
        ...(foreign
          ? [{ path: where, says: `names ${foreign[0]}, which is not in the tree; name ARCHITECTURE` }]
          : []),
      ];
    });
  });
}

function quotedIn(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, quoted = '']) => {
    const named = quoted.replace(/:\d+$/, '').trim();
    const isTestName = named.startsWith('tests/') || named.endsWith('.test.ts');
    return isTestName && !/[\s<>{}…]/.test(named) ? [named] : [];
  });
}

function missing(tree: Tree, path: string, names: readonly string[]): Finding[] {
  return names
    .filter((named) => !exists(tree, named))
    .map((named) => ({ path, says: `names the test ${named}, which is not there` }));
}

function exists(tree: Tree, named: string): boolean {
  const form = named.replace(/\/$/, '').split('*').map(literally).join('[^/]*');
  const matches = new RegExp(`(^|/)${form}(/|$)`);
  return tree.paths.some((path) => matches.test(path));
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const KEYS_HOME = 'libs/redis/src/keys.ts';

/** Key names are made in one place. What looks at Redis from outside (tests, the bench's floor) spells them out itself. */
export function checkKeys(tree: Tree): readonly Finding[] {
  const foreign = (path: string): boolean =>
    path !== KEYS_HOME && !path.startsWith('libs/redis/src/keys.') && !/^(tests|tools\/bench)\//.test(path);
  const inSources = tree.paths
    .filter((path) => isSource(path) && foreign(path))
    .flatMap((path) =>
      sourceOf(tree, path)
        .strings.filter(({ value }) => isKey(value))
        .map(({ line }) => ({
          path: `${path}:${line}`,
          says: `makes a key name; ${KEYS_HOME} makes them all`,
        })),
    );
  const inFunctions = tree.paths
    .filter(
      (path) =>
        path.endsWith('.lua') &&
        tree
          .text(path)
          .split('\n')
          .some((line) => isKey(line.replace(/--.*/, ''))),
    )
    .map((path) => ({ path, says: 'makes a key name; take it from KEYS' }));
  return [...inSources, ...inFunctions];
}

function isKey(text: string): boolean {
  return /(^|[\s'"~])hf:[a-z{]/.test(text);
}

const PLACES: readonly (readonly [RegExp, string])[] = [
  [/(^|[^\w.~/-])\/(work|root|home\/[a-z][\w-]*|Users\/\w+)\/[\w.-]/m, 'a path of one machine'],
  [/\/tmp\/(hf|bash_jobs|frame)\b/, 'a path of one machine'],
  [/\b(registry\.npmjs\.org|registry\.yarnpkg\.com|npm\.pkg\.github\.com)\b/, 'the host of a registry'],
  [/"resolved": "https?:/, 'a resolved address'],
];

/** Nothing names a folder of one machine or the host of a registry, the lock file included. */
export function checkPlaces(tree: Tree): readonly Finding[] {
  return tree.paths
    .filter((path) => !isBinary(path))
    .flatMap((path) =>
      PLACES.flatMap(([form, what]) => {
        const found = form.exec(tree.text(path));
        if (!found || path.startsWith('tests/structure/')) return [];
        const line = tree.text(path).slice(0, found.index).split('\n').length;
        return [{ path: `${path}:${line}`, says: `names ${what}: ${found[0].trim()}` }];
      }),
    );
}

function isBinary(path: string): boolean {
  return /\.(png|jpg|jpeg|gif|ico|woff2?|gz|zip|csv|hst|ex5|parquet|duckdb)$/.test(path);
}
