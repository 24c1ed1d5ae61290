/**
 * Runs one suite as child processes of its own group, within its time, and counts what came of it.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countCheck, countTests } from './count.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');

/** Process groups under way, so that an interrupted run leaves nothing behind. */
const underWay = new Set();

/** Folders of reports that are being written. */
const folders = new Set();

/** Ends every child of a run that is interrupted. */
export function endAll() {
  for (const pid of underWay) signalGroup(pid, 'SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** Runs a suite: `{ counts, output, tookMs }`. Never rejects. */
export async function runSuite(suite) {
  const startedAt = performance.now();
  const { counts, output } = suite.kind === 'check' ? await runCheck(suite) : await runTests(suite);
  return { counts, output, tookMs: performance.now() - startedAt };
}

async function runCheck(suite) {
  let output = '';
  for (const words of suite.commands) {
    const done = await runCommand(words, suite);
    output += done.output;
    if (done.exitCode !== 0) return { counts: countCheck(done.exitCode), output };
  }
  return { counts: countCheck(0), output };
}

async function runTests(suite) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-report-'));
  folders.add(folder);
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const excluded = (suite.excluded ?? []).map((path) => `--exclude=${path}`);
    const { exitCode, output } = await runCommand(
      ['vitest', 'run', '--project', suite.project, ...reporters, ...excluded, ...(suite.paths ?? [])],
      suite,
    );
    return { counts: countTests(readReport(file), exitCode), output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function runCommand([name, ...words], suite) {
  return new Promise((resolve) => {
    const child = spawn(join(BIN, name), words, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...suite.env, ...environment() },
    });
    underWay.add(child.pid);
    let output = '';
    const take = (text) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    const limit = setTimeout(() => {
      take(`\nstopped: it took longer than its ${suite.limitMs / 1000} s\n`);
      signalGroup(child.pid, 'SIGKILL');
    }, suite.limitMs);
    const end = (exitCode) => {
      clearTimeout(limit);
      underWay.delete(child.pid);
      resolve({ exitCode, output });
    };
    child.on('error', (error) => {
      take(`${error.message}\n`);
      end(127);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}

function environment() {
  return {
    PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}`,
    CI: 'true',
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
  };
}

function signalGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
