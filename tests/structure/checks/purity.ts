/**
 * Time and chance come from outside. The rules of ha-core take `now` as an argument; the loops that the simulation
 * runs ask their Host. One forgotten Date.now() and a failing seed no longer replays.
 */
import { type Node, nameOf, sourceOf, walk } from '../syntax.ts';
import { type Finding, isSource, isTest, type Tree } from '../tree.ts';

/** Global → what to use instead, in ha-core. */
const RULES: Readonly<Record<string, string>> = {
  Date: 'take `now` as an argument',
  performance: 'take `now` as an argument',
  setTimeout: 'return an effect that names the wait',
  setInterval: 'return an effect that names the wait',
  setImmediate: 'return an effect',
  queueMicrotask: 'return an effect',
  process: 'take what is needed as an argument',
  globalThis: 'take what is needed as an argument',
  console: 'return what is to be told',
  crypto: 'take chance as an argument',
  'Math.random': 'take chance as an argument',
};

/** Global → what to use instead, in the loops. */
const LOOPS: Readonly<Record<string, string>> = {
  Date: 'use host.monotonicMs() or host.wallMs()',
  performance: 'use host.monotonicMs()',
  setTimeout: 'use host.after()',
  setInterval: 'use host.after()',
  setImmediate: 'use host.after(0, …)',
  globalThis: 'take what is needed as an argument',
  crypto: 'use host.random()',
  'Math.random': 'use host.random()',
};

/** Built-in modules that bring time, chance or I/O past the ports. */
const MODULES: Readonly<Record<string, string>> = {
  'node:timers': 'use host.after()',
  'node:timers/promises': 'use sleep(host, …)',
  'node:perf_hooks': 'use host.monotonicMs()',
  'node:net': 'use the Network port',
  'node:tls': 'use the Network port',
  'node:http': 'use the Network port',
  'node:child_process': 'leave it to main.ts',
  'node:worker_threads': 'leave it to main.ts',
};

/** Files of ha-core that may hash: a hash is a function of its input alone. */
const HASHING = new Set(['libs/ha-core/src/signal/identity.ts', 'libs/ha-core/src/order/stored-record.ts']);

const HASHES = new Set(['hash', 'createHash']);

const CHANCE = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFillSync',
  'webcrypto',
  'getRandomValues',
]);

/** Files of the loops' packages that do real I/O, each with its reason. */
const EXCEPTED: Readonly<Record<string, string>> = {
  'libs/redis/src/node.ts': 'the real RedisNode, over ioredis',
  'apps/engine/src/main.ts': 'wires the real I/O',
  'apps/warden/src/main.ts': 'wires the real I/O',
  'apps/warden/src/gate-main.ts': 'wires the real I/O',
  'apps/warden/src/container-main.ts': 'wires the real I/O',
  'apps/warden/src/damaged-data.ts':
    "looks after the files of a node that does not run; never part of a warden's loops",
};

const LOOP_FOLDERS = [
  'libs/redis/src/',
  'libs/bridge/src/',
  'apps/engine/src/',
  'apps/warden/src/',
  'tools/mt5-sim/src/',
];

/** Bans time, chance and I/O where a rule or a simulated loop lives. */
export function checkPurity(tree: Tree): readonly Finding[] {
  return tree.paths
    .filter((path) => isSource(path) && !isTest(path))
    .flatMap((path) => {
      if (path.startsWith('libs/ha-core/src/')) {
        return [...globals(tree, path, RULES), ...coreImports(tree, path)];
      }
      return isLoop(path) ? [...globals(tree, path, LOOPS), ...loopImports(tree, path)] : [];
    });
}

function isLoop(path: string): boolean {
  if (path in EXCEPTED || /^tools\/mt5-sim\/src\/([^/]+-)?main\.ts$/.test(path)) return false;
  return LOOP_FOLDERS.some((folder) => path.startsWith(folder));
}

function globals(tree: Tree, path: string, banned: Readonly<Record<string, string>>): Finding[] {
  const { program, line } = sourceOf(tree, path);
  const findings: Finding[] = [];
  walk(program, (node, parent, key) => {
    const name = globalName(node, parent, key);
    const instead = name === undefined ? undefined : banned[name];
    if (name !== undefined && instead !== undefined) {
      findings.push({ path: `${path}:${line(node.start)}`, says: `uses ${name}; ${instead}` });
    }
  });
  return findings;
}

/** The name that a node refers to: `Math.random` for that member, else a plain identifier that is no property's name. */
function globalName(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type === 'MemberExpression' && nameOf(node['object']) === 'Math') {
    return `Math.${nameOf(node['property']) ?? (node['computed'] === true ? 'random' : '')}`;
  }
  const name = nameOf(node);
  if (name === undefined || !parent) return undefined;
  const isForeignName =
    key === 'imported' || ((key === 'property' || key === 'key') && parent['computed'] !== true);
  return isForeignName ? undefined : name;
}

function coreImports(tree: Tree, path: string): Finding[] {
  return sourceOf(tree, path).imports.flatMap(({ from, names, line }) => {
    if (from.startsWith('.') || from === 'zod') return [];
    const hashes = from === 'node:crypto' && names.length > 0 && names.every((name) => HASHES.has(name));
    if (hashes && HASHING.has(path)) return [];
    return [
      { path: `${path}:${line}`, says: `imports ${from}; ha-core knows only zod, take it as an argument` },
    ];
  });
}

function loopImports(tree: Tree, path: string): Finding[] {
  return sourceOf(tree, path).imports.flatMap(({ from, names, line }) => {
    const instead = MODULES[from];
    const chance = from === 'node:crypto' ? names.filter((name) => CHANCE.has(name)) : [];
    return [
      ...(instead === undefined ? [] : [{ path: `${path}:${line}`, says: `imports ${from}; ${instead}` }]),
      ...chance.map((name) => ({ path: `${path}:${line}`, says: `imports ${name}; use host.random()` })),
    ];
  });
}
