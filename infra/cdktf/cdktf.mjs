#!/usr/bin/env node
/**
 * `npx cdktf …`: the command line of cdktf for these stacks. It has some 450 packages, which nothing else here needs, so it is no
 * dependency: the first call installs the pinned version beside the other caches. Plain JavaScript, because cdktf's own
 * command line may run on another Node than the stacks.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '0.21.0';
const HERE = fileURLToPath(new URL('.', import.meta.url));
const FOLDER = fileURLToPath(new URL(`../../node_modules/.cache/cdktf-cli-${VERSION}/`, import.meta.url));
const PROGRAM = join(FOLDER, 'node_modules', 'cdktf-cli', 'bundle', 'bin', 'cdktf');

/** Its own terminal library is not built for Node 24 and later; node-pty is the same library, built where it is installed. */
const MANIFEST = {
  name: 'holdfast-cdktf-cli',
  private: true,
  dependencies: { 'cdktf-cli': VERSION, constructs: '10.4.2' },
  overrides: { '@cdktf/node-pty-prebuilt-multiarch': 'npm:node-pty@1.1.0' },
  allowScripts: { 'node-pty': true },
};

function run(program, words, cwd) {
  const env = { CHECKPOINT_DISABLE: '1', ...process.env };
  const done = spawnSync(program, words, { cwd, env, stdio: 'inherit' });
  if (done.error) console.error(`${program}: ${done.error.message}`);
  return done.status ?? 1;
}

function install() {
  console.error(`installing cdktf-cli ${VERSION}, once`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'package.json'), `${JSON.stringify(MANIFEST, undefined, 2)}\n`);
  return run('npm', ['install', '--no-package-lock', '--loglevel=error', '--no-audit', '--no-fund'], FOLDER);
}

let status = existsSync(PROGRAM) ? 0 : install();
// The stacks stand beside this file, wherever it is called from.
if (status === 0) status = run(process.execPath, [PROGRAM, ...process.argv.slice(2)], HERE);
process.exitCode = status;
