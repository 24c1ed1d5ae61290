/** `switchover redis`, `redis recover`, `status` and `doctor` on real Redis, Sentinels and wardens. The tests run one after the other on one cluster. */
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InSyncRecord } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { createAcknowledgedWriter, ROUND, type WriteOutcome } from '@holdfast/redis';
import { putAsideName } from '@holdfast/warden/damage-rule';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ClusterStatus } from '../status/cluster-status.ts';
import {
  endpointOf,
  type RealRedisCluster,
  startRealRedisCluster,
  untilTopology,
} from '../testing/real-redis-cluster.ts';
import { type Ended, runCommand } from '../testing/run-command.ts';
import { askNode } from './node-evidence.ts';
import type { RedisTopology } from './read-topology.ts';

/** Nine processes on a machine that may be busy. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let cluster: RealRedisCluster;
beforeAll(async () => {
  cluster = await startRealRedisCluster();
});
afterAll(() => cluster?.stop());

async function recordOf(name: string): Promise<InSyncRecord | undefined> {
  const { nodes } = cluster.configuration.values.redis;
  const node = nodes.find((one) => one.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return (await askNode(cluster.redis, node)).record;
}

/** The others come back, and the set is whole again. */
async function startBehind(primary: string, others: readonly string[]): Promise<RedisTopology> {
  for (const name of others) await cluster.start(name, primary);
  return untilTopology('the whole set again', cluster.topology, ({ inSync }) => inSync.level === 'full');
}

/** The wardens wait also while none can be read, and then there is nothing that a person could choose. */
const untilWaitingWith = (node: string): Promise<RedisTopology> =>
  untilTopology(
    'the wardens wait for those that are missing',
    cluster.topology,
    ({ waits, nodes }) =>
      waits !== null && nodes.some(({ name, role }) => name === node && role === 'replica'),
  );

const holdfast = (...args: string[]): Promise<Ended> => runCommand(...args, '--state', cluster.folder);

async function roles(): Promise<{ primary: string; replicas: string[] }> {
  const seen = await cluster.topology();
  const primary = seen.nodes.find(({ endpoint }) => endpoint === seen.primary)?.name ?? 'none';
  return { primary, replicas: seen.nodes.map(({ name }) => name).filter((name) => name !== primary) };
}

/** Writes one round after the other; no answer but an acknowledgement is good. */
function startWriting(): { readonly stop: () => Promise<WriteOutcome[]> } {
  const { nodes } = cluster.configuration.values.redis;
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis: cluster.redis,
    nodes,
    log: () => undefined,
  });
  let stopped = false;
  const outcomes: WriteOutcome[] = [];
  const run = async (): Promise<void> => {
    while (!stopped) outcomes.push(await writer.writeUntil(ROUND, 5000));
  };
  const running = run();
  return {
    stop: async () => {
      stopped = true;
      await running;
      await writer.stop();
      return outcomes;
    },
  };
}

it('refuses a target that nobody knows, or that Sentinel does not have to choose', async () => {
  const unknown = await holdfast('switchover', 'redis', 'redis-9');
  expect([unknown.exitCode, unknown.stderr]).toEqual([
    1,
    'node "redis-9": expected one of redis-1, redis-2, redis-3\n',
  ]);
  const { primary, replicas } = await roles();
  expect((await holdfast('switchover', 'redis', primary)).stderr).toBe(`${primary} is the primary already\n`);
  const chosen = await holdfast('switchover', 'redis', replicas[0] ?? '');
  expect(chosen.stderr).toContain('Sentinel chooses among');
  expect(chosen.exitCode).toBe(1);
});

it('hands over while writes go on: none is refused, and the pause is told', async () => {
  const before = await cluster.topology();
  const { primary, replicas } = await roles();
  const writing = startWriting();
  const { exitCode, stdout, stderr } = await holdfast('switchover', 'redis');
  const outcomes = await writing.stop();
  expect([exitCode, stderr]).toEqual([0, '']);
  const after = await roles();
  expect(replicas).toContain(after.primary);
  const [first, terms, pause, set] = stdout.trimEnd().split('\n');
  expect(first).toBe(`${primary} handed over to ${after.primary}`);
  expect(terms).toBe(`term    ${before.inSync.term} → ${before.inSync.term + 1}`);
  expect(pause).toMatch(/^pause {3}\d+ ms, the longest between two acknowledged writes of this command$/);
  expect(set).toContain('set     full: ');
  expect(outcomes.filter(({ is }) => is !== 'acknowledged')).toEqual([]);
  const term = before.inSync.term + 1;
  const kept = await untilTopology('the failover is kept', cluster.topology, ({ failovers }) =>
    failovers.some((one) => one.term === term),
  );
  // On a busy machine the start itself may have had one.
  expect(kept.failovers[0]).toMatchObject({
    to: endpointOf(cluster.configuration, after.primary),
    term,
    cause: 'planned switchover',
  });
});

it('has nothing to recover while there is a primary', async () => {
  const { primary } = await roles();
  const { exitCode, stdout, stderr } = await holdfast('redis', 'recover', '--accept-loss');
  expect([exitCode, stderr]).toEqual([1, `${primary} is the primary: there is nothing to recover\n`]);
  expect(stdout).toContain('rounds');
});

it('shows the topology as it is, and nothing is wrong with it', async () => {
  const { stdout } = await holdfast('status', '--json');
  const { primary } = await roles();
  const status = JSON.parse(stdout) as ClusterStatus;
  expect(status.redis).toMatchObject({
    toldBy: expect.stringMatching(/^warden-/),
    inSync: { level: 'full' },
  });
  const redis = status.nodes.filter(({ kind }) => kind === 'redis');
  expect(redis.map(({ name, role }) => [name, role])).toEqual(
    redis.map(({ name }) => [name, name === primary ? 'primary' : 'replica']),
  );
  expect(status.nodes.filter(({ kind }) => kind === 'warden').map(({ name }) => name)).toEqual([
    'warden-1',
    'warden-2',
    'warden-3',
  ]);
  // The one that led the failover goes on to name the former primary until it has re-pointed all.
  await untilTopology('all Sentinels name it', cluster.topology, ({ sentinels, primary: at }) =>
    sentinels.every(({ names }) => names === at),
  );
  const lines = (await holdfast('doctor')).stdout.split('\n');
  const about = lines.filter((line) => /(redis|sentinel|warden)-\d:|in-sync|primary:/.test(line));
  expect(about.filter((line) => !line.startsWith('ok'))).toEqual([]);
  expect(about.length).toBe(10);
});

it('asks a deployed environment by its configuration alone: nodes are judged by what they answer', async () => {
  const deployed = join(cluster.folder, '..', 'deployed');
  cpSync(cluster.folder, deployed, { recursive: true });
  // Whoever keeps the processes of a deployed environment, it is no supervisor that leaves a record.
  rmSync(join(deployed, 'cluster.json'));
  const read = async (): Promise<ClusterStatus> => {
    const { stdout } = await runCommand('status', '--json', '--config', join(deployed, 'holdfast.yaml'));
    return JSON.parse(stdout) as ClusterStatus;
  };
  const detailsOf = ({ nodes }: ClusterStatus, kind: string): string[] =>
    nodes.filter((node) => node.kind === kind).map(({ detail }) => detail);
  // A Sentinel answers nobody while its file is on its way to the disk.
  await expect
    .poll(async () => detailsOf(await read(), 'sentinel'), { timeout: 20_000 })
    .toEqual(['', '', '']);
  const status = await read();
  expect(status.redis.inSync.level).toBe('full');
  expect(new Set(detailsOf(status, 'terminal'))).toEqual(new Set(['no engine has a session with it']));
  const doctor = (await runCommand('doctor', '--config', join(deployed, 'holdfast.yaml'))).stdout;
  expect(doctor).toMatch(/^ok {4}redis-1: /m);
  expect(doctor).not.toContain('ports');
  const { exitCode } = await runCommand('status', '--state', deployed);
  expect(exitCode).toBe(1);
});

it('tells a secret that the nodes do not know from nodes that are gone', async () => {
  const { users } = cluster.configuration.values.redis;
  const file = cluster.configuration.path(users?.warden.passwordFile ?? '');
  const right = readFileSync(file, 'utf8');
  writeFileSync(file, 'not the secret\n');
  const { stdout } = await holdfast('doctor');
  writeFileSync(file, right);
  expect(stdout.match(/fail {2}redis-\d \([\d.:]+\): refuses the password \(WRONGPASS\)/g)).toHaveLength(3);
  expect(stdout.match(/fail {2}sentinel-\d: refuses the password \(WRONGPASS\)/g)).toHaveLength(3);
  expect(stdout).not.toContain('not the secret');
});

it('brings the reason why a node with a damaged append-only file does not come up', async () => {
  const { primary, replicas } = await roles();
  const [damaged = '', other = ''] = replicas;
  await cluster.signal(damaged, 'SIGKILL');
  const folder = join(cluster.folder, damaged, 'appendonlydir');
  const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.incr.aof'));
  const text = readFileSync(join(folder, file));
  writeFileSync(join(folder, file), Buffer.concat([Buffer.from('*3\r\nno command at all\r\n'), text]));
  await cluster.start(damaged, primary);
  const degraded = await untilTopology(
    'a degraded set',
    cluster.topology,
    ({ inSync }) => inSync.level === 'degraded',
  );
  expect(degraded.inSync.needed).toEqual([endpointOf(cluster.configuration, other)]);
  const { stdout } = await holdfast('doctor');
  expect(stdout).toMatch(
    new RegExp(
      `fail {2}${damaged} .*: does not answer; its log says: .*append only file.*\n.*put its data folder aside`,
    ),
  );
  expect(stdout).toContain(`warn  in-sync set: DEGRADED: ${other} alone`);
  renameSync(folder, join(cluster.folder, damaged, putAsideName('appendonlydir', '2026-03-01T07:05:09Z')));
  await cluster.start(damaged, primary);
  await untilTopology('the whole set again', cluster.topology, ({ inSync }) => inSync.level === 'full');
  expect((await holdfast('doctor')).stdout).toContain(
    `warn  ${damaged}: damaged data was put aside on 2026-03-01 07:05:09 UTC (`,
  );
});

it('refuses to hand over when nobody could take over', async () => {
  const { primary, replicas } = await roles();
  for (const name of replicas) await cluster.signal(name, 'SIGKILL');
  await untilTopology(
    'no acknowledgement',
    cluster.topology,
    ({ inSync, primary: at }) => inSync.level === 'none' && at !== null,
  );
  const { exitCode, stderr } = await holdfast('switchover', 'redis');
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`^refused: .*not connected to ${primary}; nobody can take over without a loss\n$`),
  );
});

it('recovers only when the loss is accepted, from the newest node that is there', async () => {
  const { primary, replicas } = await roles();
  const [back = '', other = ''] = replicas;
  await cluster.signal(primary, 'SIGKILL');
  await cluster.start(back, other);
  await untilWaitingWith(back);
  const asked = await holdfast('redis', 'recover');
  expect(asked.exitCode).toBe(1);
  expect(asked.stderr).toBe(
    `nothing was done. To make ${back} the primary all the same: holdfast redis recover --accept-loss\n`,
  );
  expect(asked.stdout).toContain(`${back} has the newest data of the nodes that can be read.`);
  expect(asked.stdout).toMatch(new RegExp(`is only on ${primary}: it was the primary of that record`));
  expect(asked.stdout).toContain(`is only on ${other}:`);
  expect((await cluster.topology()).primary).toBeNull();

  const done = await holdfast('redis', 'recover', '--accept-loss');
  expect([done.exitCode, done.stderr]).toEqual([0, '']);
  expect(done.stdout).toContain(`${back} is the primary, term `);
  const whole = await startBehind(back, [primary, other]);
  expect(whole.primary).toBe(endpointOf(cluster.configuration, back));
});

it('recovers with a node that the set had left out, where it is all that is there', async () => {
  const { primary, replicas } = await roles();
  const [back = '', other = ''] = replicas;
  const ownWarden = back.replace('redis', 'warden');
  const at = endpointOf(cluster.configuration, back);
  // It gets the change that leaves it out, and nobody takes it in again.
  await cluster.signal(ownWarden, 'SIGSTOP');
  await cluster.signal(back, 'SIGSTOP');
  await untilTopology('it is left out', cluster.topology, ({ inSync }) => inSync.level === 'degraded');
  await cluster.signal(back, 'SIGCONT');
  await expect
    .poll(() => recordOf(back), { timeout: 20_000 })
    .toMatchObject({ members: expect.not.arrayContaining([at]) });
  for (const name of [primary, other, back]) await cluster.signal(name, 'SIGKILL');
  await untilTopology(
    'nobody answers',
    cluster.topology,
    (seen) => seen.primary === null && seen.nodes.every(({ record }) => record === null),
  );
  const none = await holdfast('redis', 'recover', '--accept-loss');
  expect([none.exitCode, none.stderr]).toEqual([
    1,
    'no node can be read: start at least one of them first\n',
  ]);
  await cluster.start(back, other);
  await cluster.signal(ownWarden, 'SIGCONT');
  await untilWaitingWith(back);
  const done = await holdfast('redis', 'recover', '--accept-loss');
  expect([done.exitCode, done.stderr]).toEqual([0, '']);
  expect(done.stdout).toContain(`${back} is the primary, term `);
  const whole = await startBehind(back, [primary, other]);
  expect(whole.primary).toBe(at);
});

// The last one: it pauses for half a minute.
it('tells a Sentinel that pauses because its time jumped', async () => {
  // A Sentinel that finds more than two seconds between two of its looks takes its clock for wrong.
  await cluster.signal('sentinel-2', 'SIGSTOP');
  const stoppedMs = performance.now();
  await untilTopology(
    'it stands still for three seconds',
    cluster.topology,
    () => performance.now() - stoppedMs > 3000,
  );
  await cluster.signal('sentinel-2', 'SIGCONT');
  await expect
    .poll(async () => (await holdfast('doctor')).stdout, { timeout: 20_000 })
    .toMatch(
      /warn {2}sentinel-2: pauses since \d+ s, because its clock jumped or its machine stood still \(TILT\)/,
    );
});
