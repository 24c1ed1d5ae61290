/** What a killed supervisor left is ended; what merely has the same pid is not touched. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realHost } from '@holdfast/process';
import { afterEach, describe, expect, it } from 'vitest';
import { endLeftovers, leftovers } from './leftovers.ts';
import { identify, isRunning, type ProcessIdentity, signalProcess } from './process-identity.ts';
import type { ClusterRecord } from './state/cluster-record.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that says when it listens for signals. */
async function running(script = ''): Promise<{ child: ChildProcess; identity: ProcessIdentity }> {
  const program = `${script}; setInterval(() => {}, 1000); console.log('up')`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('expected a running process');
  return { child, identity };
}

const record = (nodes: Readonly<Record<string, ProcessIdentity | null>>): ClusterRecord => ({
  version: 1,
  supervisor: null,
  lastPrimary: 'redis-1',
  nodes: Object.fromEntries(
    Object.entries(nodes).map(([name, process]) => [
      name,
      { process, state: 'running', restarts: 0, detail: '' },
    ]),
  ),
});

const KNOWN = [
  { name: 'redis-1', kind: 'redis' as const },
  { name: 'redis-2', kind: 'redis' as const },
  { name: 'engine-1', kind: 'engine' as const },
];

describe('leftovers', () => {
  it('finds only the very processes of the record', async () => {
    const { identity } = await running();
    const other = { ...identity, started: `${identity.started}0` };
    const found = leftovers(record({ 'redis-1': identity, 'redis-2': other, 'engine-1': null }), KNOWN);
    expect(found.map(({ name }) => name)).toEqual(['redis-1']);
    expect(signalProcess(other, 'SIGKILL')).toBe(false);
    expect(isRunning(identity)).toBe(true);
  });

  it('ends engines before Redis, and the primary last', async () => {
    const { identity } = await running();
    const all = { 'redis-1': identity, 'redis-2': identity, 'engine-1': identity, 'gone-1': identity };
    const waves = leftovers(record(all), KNOWN).toSorted((a, b) => a.wave - b.wave);
    expect(waves.map(({ name }) => name)).toEqual(['gone-1', 'engine-1', 'redis-2', 'redis-1']);
  });

  it('ends what stops by itself and kills what does not', async () => {
    const polite = await running();
    const stubborn = await running("process.on('SIGTERM', () => {})");
    const ends = [polite, stubborn].map(({ child }) => once(child, 'exit'));
    await endLeftovers(realHost, [
      { name: 'a', process: polite.identity, wave: 1, withinMs: 5000 },
      { name: 'b', process: stubborn.identity, wave: 2, withinMs: 100 },
    ]);
    expect((await Promise.all(ends)).map(([, signal]) => signal as string)).toEqual(['SIGTERM', 'SIGKILL']);
  });
});
