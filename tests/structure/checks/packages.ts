/**
 * Imports against package.json, both ways, and the layers: ha-core ← libs ← apps ← tools ← tests. A package that is
 * imported and not declared is invisible to Nx, whose cache would then call a broken tree green.
 */
import { builtinModules } from 'node:module';
import { sourceOf } from '../syntax.ts';
import { type Finding, isSource, isTest, type Tree } from '../tree.ts';

/**
 * Who may know whom: a package imports only packages of a lower rank, so equal ranks (apps, the libs over one port)
 * never import each other. A new package gets its row here.
 */
const RANK: Readonly<Record<string, number>> = {
  'libs/ha-core': 0,
  'libs/bridge': 1,
  'libs/clickhouse': 1,
  'libs/configuration': 1,
  'libs/duckdb': 1,
  'libs/process': 1,
  'libs/redis': 1,
  'libs/topology': 2,
  'apps/backend': 3,
  'apps/engine': 3,
  'apps/sync': 3,
  'apps/warden': 3,
  'tools/documents': 4,
  'tools/mt5-sim': 4,
  'tools/simulation': 4,
  'tools/local-cluster': 5,
  'tools/drill': 6,
  'tools/holdfast': 7,
  'tools/bench': 8,
  'infra/cdktf': 8,
  tests: 9,
};

/** Packages that only people who work on Holdfast run: what they import may be a devDependency, so that `npm start` does not install it. */
const FOR_WORK_ON_IT = new Set(['tools/bench', 'infra/cdktf']);

/** Root devDependencies that the tests of every package may import without a row of their own. */
const TEST_TOOLS = new Set(['vitest', 'fast-check']);

type Package = {
  readonly folder: string;
  readonly name: string;
  readonly exports: readonly string[];
  readonly dependencies: ReadonlySet<string>;
  readonly devDependencies: ReadonlySet<string>;
};

/** Holds imports, package.json and layers together. */
export function checkPackages(tree: Tree): readonly Finding[] {
  const packages = tree.paths.flatMap((path) =>
    /^[^/]+(\/[^/]+)?\/package\.json$/.test(path) ? [read(tree, path)] : [],
  );
  const byName = new Map(packages.map((one) => [one.name, one]));
  return packages.flatMap((one) => [
    ...(one.folder in RANK
      ? []
      : [{ path: one.folder, says: 'has no rank in tests/structure/checks/packages.ts' }]),
    ...imports(tree, one, packages).flatMap((used) => judge(used, one, byName)),
    ...unused(tree, one, packages),
    ...unpinned(tree, one),
  ]);
}

/** The package part of an import: `@scope/name/deep` → `@scope/name`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

type Used = { readonly path: string; readonly line: number; readonly from: string };

function imports(tree: Tree, one: Package, packages: readonly Package[]): Used[] {
  return sourcesOf(tree, one, packages).flatMap((path) =>
    sourceOf(tree, path).imports.map(({ from, line }) => ({ path, line, from })),
  );
}

function judge({ path, line, from }: Used, one: Package, byName: ReadonlyMap<string, Package>): Finding[] {
  const finding = (says: string): Finding[] => [{ path: `${path}:${line}`, says }];
  if (from.startsWith('.') || from.startsWith('/')) {
    const inside = resolved(path, from).startsWith(`${one.folder}/`);
    return inside ? [] : finding(`imports ${from} from outside its package; import the package by its name`);
  }
  if (from.startsWith('node:')) return [];
  if (builtinModules.includes(from)) return finding(`imports ${from}; write node:${from}`);
  const name = packageOf(from);
  const declared =
    one.dependencies.has(name) ||
    (isTest(path) && TEST_TOOLS.has(name)) ||
    ((isTest(path) || FOR_WORK_ON_IT.has(one.folder)) && one.devDependencies.has(name));
  const undeclared = declared
    ? []
    : finding(`imports ${name}, which ${one.folder}/package.json does not declare`);
  const other = byName.get(name);
  if (!other) {
    return name.startsWith('@holdfast/')
      ? finding(`imports ${name}, which is no package of the workspace`)
      : undeclared;
  }
  return [...undeclared, ...layer(one, other, finding), ...deep(from, other, finding)];
}

function layer(one: Package, other: Package, finding: (says: string) => Finding[]): Finding[] {
  if (other === one) return finding(`imports its own package by name; use a relative path`);
  const mine = RANK[one.folder] ?? 0;
  const theirs = RANK[other.folder] ?? 0;
  return theirs < mine ? [] : finding(`${one.folder} may not know ${other.folder}: only what is below it`);
}

function deep(from: string, other: Package, finding: (says: string) => Finding[]): Finding[] {
  const wanted = `.${from.slice(other.name.length)}`;
  const exported = other.exports.some((entry) => {
    const [before = '', after] = entry.split('*');
    return after === undefined ? entry === wanted : wanted.startsWith(before) && wanted.endsWith(after);
  });
  return exported ? [] : finding(`reaches past the exports of ${other.name}: ${from}`);
}

function unused(tree: Tree, one: Package, packages: readonly Package[]): Finding[] {
  const named = new Set(
    sourcesOf(tree, one, packages).flatMap((path) => {
      const { imports: found, strings } = sourceOf(tree, path);
      return [...found.map(({ from }) => packageOf(from)), ...strings.map(({ value }) => packageOf(value))];
    }),
  );
  const declared = [...one.dependencies, ...one.devDependencies].filter(
    (name) => !name.startsWith('@types/'),
  );
  return declared
    .filter((name) => !named.has(name))
    .map((name) => ({
      path: `${one.folder}/package.json`,
      says: `declares ${name}, which nothing there imports`,
    }));
}

function unpinned(tree: Tree, one: Package): Finding[] {
  const path = `${one.folder}/package.json`;
  const { dependencies = {}, devDependencies = {} } = json(tree, path);
  return Object.entries({ ...dependencies, ...devDependencies })
    .filter(([, version]) => !/^(npm:.+@)?\d+\.\d+\.\d+[\w.-]*$/.test(version))
    .map(([name, version]) => ({ path, says: `pins ${name} to ${version}; write an exact version` }));
}

function sourcesOf(tree: Tree, one: Package, packages: readonly Package[]): string[] {
  const inner = packages.filter((other) => other !== one && other.folder.startsWith(`${one.folder}/`));
  return tree.paths.filter(
    (path) =>
      path.startsWith(`${one.folder}/`) &&
      isSource(path) &&
      !inner.some(({ folder }) => path.startsWith(`${folder}/`)),
  );
}

function resolved(path: string, from: string): string {
  return new URL(from, `file:///${path}`).pathname.slice(1);
}

type Manifest = {
  readonly name?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

function json(tree: Tree, path: string): Manifest {
  return JSON.parse(tree.text(path)) as Manifest;
}

function read(tree: Tree, path: string): Package {
  const folder = path.slice(0, -'/package.json'.length);
  const { name = folder, exports = {}, dependencies = {}, devDependencies = {} } = json(tree, path);
  return {
    folder,
    name,
    exports: Object.keys(exports),
    dependencies: new Set(Object.keys(dependencies)),
    devDependencies: new Set(Object.keys(devDependencies)),
  };
}
