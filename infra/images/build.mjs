/**
 * `npm run images`: builds every image from what `npm run build` made, and says how long each took and how large it is.
 *
 *   node infra/images/build.mjs [--tag 0.1.0] [--node-image IMAGE] [--redis-image IMAGE] [--json]
 *
 * The bases are public images, pinned in the Dockerfiles; the options put others in their place. Plain JavaScript for Node 20.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LIMIT_MS = 600_000;

/** Image → what must have been built for it. */
const IMAGES = {
  engine: 'apps/engine/dist/main.js',
  backend: 'apps/backend/dist/main.js',
  sync: 'apps/sync/dist/main.js',
  redis: 'apps/warden/dist/container-main.js',
  simulator: 'tools/mt5-sim/dist/terminal-main.js',
};

/** Builds one image; answers what came of it. Throws an error with the end of what docker said. */
function build(name, { tag, bases }) {
  if (!existsSync(join(ROOT, IMAGES[name])))
    throw new Error(`${IMAGES[name]} is missing; run npm run build first`);
  const image = `holdfast/${name}:${tag}`;
  const startedAt = performance.now();
  docker(['build', '--file', `infra/images/${name}.Dockerfile`, ...bases, '--tag', image, '.']);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const bytes = Number(docker(['image', 'inspect', '--format', '{{.Size}}', image]));
  return { image, seconds, megabytes: Math.round(bytes / 1e6) };
}

function docker(words) {
  const done = spawnSync('docker', words, { cwd: ROOT, encoding: 'utf8', timeout: LIMIT_MS });
  if (done.status === 0) return done.stdout;
  const said = `${done.stdout ?? ''}\n${done.stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
  throw new Error(`docker ${words.join(' ')}: ${done.error?.message ?? said}`);
}

function main() {
  const text = { type: 'string' };
  const { values } = parseArgs({
    options: {
      tag: text,
      'node-image': text,
      'redis-image': text,
      json: { type: 'boolean', default: false },
    },
  });
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const base = (argument, image) => (image === undefined ? [] : ['--build-arg', `${argument}=${image}`]);
  const bases = [...base('NODE_IMAGE', values['node-image']), ...base('REDIS_IMAGE', values['redis-image'])];
  const built = Object.keys(IMAGES).map((name) => {
    const one = build(name, { tag: values.tag ?? version, bases });
    if (!values.json)
      console.log(`${one.image.padEnd(28)} ${String(one.megabytes).padStart(4)} MB  ${one.seconds} s`);
    return one;
  });
  if (values.json) console.log(JSON.stringify(built));
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
