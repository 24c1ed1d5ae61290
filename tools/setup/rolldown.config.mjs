/**
 * One file per app, `src/main.ts` → `dist/main.js` with its source map: `rolldown --config <this file>` in the folder
 * of the app. What carries native code stays outside and is installed beside the bundle.
 */
import { defineConfig } from 'rolldown';
import { filesBeside } from './files-beside.mjs';

/** Packages with native code, which no bundle can carry. */
const NATIVE = [/^@duckdb\//, /^chdb(\/|$)/];

const options = { platform: 'node', external: NATIVE };

export default defineConfig({
  ...options,
  input: 'src/main.ts',
  output: { file: 'dist/main.js', format: 'esm', sourcemap: true, codeSplitting: false, cleanDir: true },
  plugins: [filesBeside(options)],
});
