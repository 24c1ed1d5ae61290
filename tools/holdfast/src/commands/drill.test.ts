/** A drill refuses before it does anything: without an account, where orders would be real, and where nothing comes back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareState } from '@holdfast/local-cluster';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommand } from '../testing/run-command.ts';

let above = '';
let state = '';
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), 'holdfast-drill-'));
  state = join(above, 'state');
  prepareState(state, {}).settle();
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

const drill = (...args: string[]) => runCommand('drill', ...args, '--state', state);

it('lists the faults, and says why some cannot be done here', async () => {
  const { exitCode, stdout } = await drill('list');
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/engine-killed +the engine that leads is ended with kill -9\n/);
  expect(stdout).toMatch(/peer-link-cut .*not here: it needs a network/);
});

it('names the accounts where none or a wrong one was given', async () => {
  for (const args of [['engine-killed'], ['engine-killed', '--account', 'mine']]) {
    const { exitCode, stderr } = await drill(...args);
    expect(stderr).toContain('expected one of demo-hedging, demo-netting');
    expect(exitCode).toBe(1);
  }
});

it('refuses where nothing would start again what it ends', async () => {
  const { exitCode, stderr } = await drill('all', '--account', 'demo-hedging');
  expect(stderr).toContain('nothing supervises the cluster');
  expect(exitCode).toBe(1);
});

it('refuses to send orders to a real broker, unless that is said', async () => {
  const file = join(state, 'holdfast.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^simulator:\n( .*\n)+/m, ''));
  const refused = await drill('engine-killed', '--account', 'demo-hedging');
  expect(refused.stderr).toContain('--yes-this-sends-orders');
  expect(refused.exitCode).toBe(1);
  const said = await drill('engine-killed', '--account', 'demo-hedging', '--yes-this-sends-orders');
  expect(said.stderr).toContain('nothing supervises the cluster');
});
