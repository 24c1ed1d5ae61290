/**
 * One file per app: `rolldown src/main.ts --config …/rolldown.config.mjs --file dist/main.js`, with its source map.
 * What carries native code stays outside and is installed beside the bundle. The functions of libs/redis are copied
 * next to it, where their loader looks for them when it no longer runs from its own folder.
 */
import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'rolldown';

const FUNCTIONS = fileURLToPath(new URL('../../libs/redis/functions', import.meta.url));
const NATIVE = [/^@duckdb\//, /^chdb(\/|$)/];

/** Copies the Redis functions to the folder of the bundle. */
const redisFunctions = {
  name: 'redis-functions',
  writeBundle({ dir, file }) {
    const folder = dir ?? join(file, '..');
    if (!existsSync(FUNCTIONS)) throw new Error(`${FUNCTIONS} is missing`);
    cpSync(FUNCTIONS, join(folder, 'functions'), { recursive: true });
  },
};

export default defineConfig({
  platform: 'node',
  external: NATIVE,
  output: { format: 'esm', sourcemap: true, codeSplitting: false },
  plugins: [redisFunctions],
});
