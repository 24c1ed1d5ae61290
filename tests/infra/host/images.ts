/**
 * The images of the tests. Bases come from Debian's packages, because nothing may be pulled here; ours on top of them are
 * built as everybody builds them, by `npm run images`, with these bases as its arguments.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { run } from './commands.ts';
import type { Engine } from './engine.ts';

export type Built = { readonly image: string; readonly seconds: number; readonly megabytes: number };

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
const RUNTIME = join(MODULES, 'node', 'bin', 'node');
const LIMIT_MS = 300_000;

/** All images of the tests have this tag: those of somebody's own environment on the same engine stay as they are. */
export const TAG = 'tested';

/** Names of images that stand in for public ones. */
export const IMAGES = {
  base: `holdfast/debian-base:${TAG}`,
  node: `holdfast/node-debian:${TAG}`,
  redis: `holdfast/redis-debian:${TAG}`,
  haproxy: `holdfast/haproxy-debian:${TAG}`,
  prometheus: `holdfast/prometheus-debian:${TAG}`,
  clickhouse: `holdfast/clickhouse-embedded:${TAG}`,
} as const;

/** Makes all images; answers those of ours. `parts` is the folder that tools/setup/containers.mjs filled. */
export async function makeImages(engine: Engine, folder: string, parts: string): Promise<readonly Built[]> {
  await run('docker', ['import', join(parts, 'base.tar'), IMAGES.base], {
    env: engine.env,
    limitMs: LIMIT_MS,
  });
  await onBase(engine, folder, 'node', [[RUNTIME, 'usr/local/bin/node']]);
  for (const name of ['redis', 'haproxy'] as const) {
    await onBase(engine, folder, name, [[join(parts, name), '']]);
  }
  await onBase(engine, folder, 'prometheus', [[join(parts, 'prometheus'), '']], [OF_PROMETHEUS]);
  const built = await ours(engine);
  await clickhouse(engine, folder);
  return built;
}

/** The public image has its folder of data, and a volume takes over the owner of the folder that it is mounted on. */
const OF_PROMETHEUS = 'RUN install -d -o 65534 -g 65534 /prometheus';

/** An image of the base and what is copied onto it (from → where, below the root), with more lines of its Dockerfile. */
async function onBase(
  engine: Engine,
  folder: string,
  name: 'node' | 'redis' | 'haproxy' | 'prometheus',
  copies: readonly (readonly [string, string])[],
  more: readonly string[] = [],
): Promise<void> {
  const context = join(folder, `image-${name}`);
  for (const [from, to] of copies) {
    cpSync(from, join(context, 'root', to), { recursive: true, verbatimSymlinks: true });
  }
  const lines = [`FROM ${IMAGES.base}`, 'COPY root/ /', ...more];
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await dockerBuild(engine, context, IMAGES[name]);
}

async function ours(engine: Engine): Promise<readonly Built[]> {
  const options = ['--tag', TAG, '--node-image', IMAGES.node, '--redis-image', IMAGES.redis, '--json'];
  const said = await run('node', [join(ROOT, 'infra/images/build.mjs'), ...options], {
    env: engine.env,
    limitMs: LIMIT_MS,
  });
  return JSON.parse(said) as readonly Built[];
}

/** The embedded ClickHouse behind its HTTP endpoint: the program bundled, the native library beside it. */
async function clickhouse(engine: Engine, folder: string): Promise<void> {
  const context = join(folder, 'image-clickhouse');
  mkdirSync(join(context, 'app', 'node_modules'), { recursive: true });
  await build({
    input: join(ROOT, 'tools/local-cluster/src/clickhouse-child.ts'),
    platform: 'node',
    external: [/^chdb(\/|$)/],
    output: { file: join(context, 'app', 'main.js'), format: 'esm', codeSplitting: false },
    logLevel: 'silent',
  });
  // Linked instead of copied: the library is half a gigabyte.
  const modules = ['chdb', '@chdb', 'node-gyp-build', 'node-addon-api'].map((name) => join(MODULES, name));
  await run('cp', ['-al', ...modules, join(context, 'app', 'node_modules')]);
  const client = join(context, 'app', 'node_modules', '@clickhouse');
  mkdirSync(client);
  await run('cp', ['-al', join(MODULES, '@clickhouse', 'client-common'), client]);
  for (const [from, to] of [
    ['app.package.json', 'package.json'],
    ['healthcheck.js', 'healthcheck.js'],
  ] as const) {
    cpSync(join(ROOT, 'infra/images', from), join(context, 'app', to));
  }
  const lines = [
    '# The embedded ClickHouse, where the real image cannot be had.',
    `FROM ${IMAGES.node}`,
    'RUN install -d -o 10001 -g 10001 /var/lib/clickhouse',
    'COPY app/ /app/',
    'USER 10001:10001',
    'ENTRYPOINT ["node", "/app/main.js"]',
  ];
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`);
  await dockerBuild(engine, context, IMAGES.clickhouse);
}

async function dockerBuild(engine: Engine, context: string, image: string): Promise<void> {
  await run('docker', ['build', '--tag', image, context], { env: engine.env, limitMs: LIMIT_MS });
}

/** Takes all of them away again: an engine that is not the tests' own goes on without them. */
export async function removeImages(engine: Engine): Promise<void> {
  const words = [
    'image',
    'ls',
    '--format',
    '{{.Repository}}:{{.Tag}}',
    `--filter=reference=holdfast/*:${TAG}`,
  ];
  const names = (await run('docker', words, { env: engine.env })).split('\n').filter((name) => name !== '');
  if (names.length > 0) await run('docker', ['image', 'rm', ...names], { env: engine.env });
}
