/**
 * One file per program, `src/main.ts` → `dist/main.js` with its source map, and so for each `src/<name>-main.ts`:
 * `rolldown --config <this file>` in the folder of the app. What carries native code stays outside and is installed beside
 * the bundle.
 */
import { readdirSync } from 'node:fs';
import { defineConfig } from 'rolldown';
import { filesBeside } from './files-beside.mjs';

/** Packages with native code, which no bundle can carry. */
const NATIVE = [/^@duckdb\//, /^chdb(\/|$)/];

const options = { platform: 'node', external: NATIVE };

const programs = readdirSync('src').filter((name) => /^([a-z-]+-)?main\.ts$/.test(name));

export default defineConfig(
  programs.map((name, index) => ({
    ...options,
    input: `src/${name}`,
    output: {
      file: `dist/${name.replace(/\.ts$/, '.js')}`,
      format: 'esm',
      sourcemap: true,
      codeSplitting: false,
      cleanDir: index === 0,
    },
    plugins: [filesBeside(options)],
  })),
);
