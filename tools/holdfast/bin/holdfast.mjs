#!/usr/bin/env node
/** `npx holdfast` in the checkout: the CLI's sources need the pinned runtime, whatever Node started this file. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const runtime = fileURLToPath(new URL('../../../node_modules/.bin/node', import.meta.url));
const main = new URL('../src/main.ts', import.meta.url);
const RUNTIME_MAJOR_MIN = 24;

if (Number(process.versions.node.split('.', 1)[0]) >= RUNTIME_MAJOR_MIN) {
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
} else if (existsSync(runtime)) {
  const child = spawn(runtime, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`${runtime}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code) => process.exit(code ?? 1));
} else {
  console.error(`the pinned runtime ${runtime} is missing: run npm start or npm install first`);
  process.exit(1);
}
