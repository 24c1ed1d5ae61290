/**
 * The environment `local`, brought up on a real engine by Terraform: from nothing to a signal that went through, no change
 * when it is applied again, one changed attribute, everything but the data taken away, and back on that data.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { check } from '../e2e/checker.ts';
import { until } from '../e2e/cluster.ts';
import { gather, recordsOf } from '../e2e/evidence.ts';
import { openSite, type Site } from './site/site.ts';
import { PARTS } from './site/stacks.ts';

const stage = inject('stage');
const ACCOUNTS = ['demo-hedging', 'demo-netting'];
/** From empty to serving, after the images are there. */
const SERVING_WITHIN_MS = 120_000;
const IMAGE_MEGABYTES = 350;
const BUILD_SECONDS = 120;

let site: Site;
beforeAll(async () => {
  site = await openSite(stage, 'tested');
});
afterAll(() => site?.remove(), 120_000);

const open = (id: string) => ({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.01' });

/** Sends signals on both accounts and waits for their results. */
async function trade(prefix: string, count: number): Promise<void> {
  const sent = ACCOUNTS.flatMap((account) =>
    Array.from({ length: count }, (_, index) => site.client.send(account, open(`${prefix}-${index}`))),
  );
  for (const told of await Promise.all(sent)) expect(told.acknowledgedAt).toBeDefined();
}

/** All stores agree on what clients were told. */
async function faults(): Promise<readonly string[]> {
  const found = [];
  for (const account of ACCOUNTS) {
    found.push(...check(await gather(site.gathered, site.client, account, 60_000)));
  }
  return found;
}

it('has images that are small and quickly built', () => {
  console.log(`engine: ${stage.told.engine}; provider: ${stage.told.provider}`);
  console.table(stage.built);
  const largest = Math.max(...stage.built.map(({ megabytes }) => megabytes));
  const seconds = stage.built.reduce((sum, built) => sum + built.seconds, 0).toFixed(1);
  console.log(
    `largest ${largest} MB, aim ${IMAGE_MEGABYTES}; all built in ${seconds} s, aim ${BUILD_SECONDS}`,
  );
  expect(stage.built.filter(({ megabytes }) => megabytes > IMAGE_MEGABYTES)).toEqual([]);
  expect(stage.built.reduce((sum, { seconds }) => sum + seconds, 0)).toBeLessThanOrEqual(BUILD_SECONDS);
});

describe('an environment', () => {
  it('is valid, and goes from nothing to a signal that is executed', async () => {
    for (const part of PARTS) await site.stacks.validate(part);
    const startedAt = performance.now();
    await site.applyAll();
    await trade('first', 1);
    const tookMs = Math.round(performance.now() - startedAt);
    const seconds = (ms: number): string => (ms / 1000).toFixed(1);
    console.log(`from empty to serving: ${seconds(tookMs)} s, aim ${seconds(SERVING_WITHIN_MS)} s`);
    expect(tookMs).toBeLessThanOrEqual(SERVING_WITHIN_MS);
    await trade('more', 10);
    expect(await faults()).toEqual([]);
    await site.untilHealthy(60_000);
  });

  it('is watched: Prometheus reaches every process, and knows the rules', async () => {
    const prometheus = `http://127.0.0.1:${site.files.prometheusPort}/api/v1`;
    type Targets = { data: { activeTargets: { health: string; labels: { node: string } }[] } };
    await until('every target is up', 30_000, async () => {
      const { data } = (await (await fetch(`${prometheus}/targets`)).json()) as Targets;
      const down = data.activeTargets
        .filter(({ health }) => health !== 'up')
        .map(({ labels }) => labels.node);
      if (down.length > 0) throw new Error(`not up: ${down.join(', ')}`);
      return data.activeTargets.length >= 10;
    });
    type Rules = { data: { groups: { rules: { name: string; health: string }[] }[] } };
    const { data } = (await (await fetch(`${prometheus}/rules`)).json()) as Rules;
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(3);
    expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  });

  it('has no change when it is planned and applied again', async () => {
    for (const part of PARTS) expect(await site.stacks.plan(part)).toEqual([]);
    for (const part of PARTS) expect([part, ...(await site.stacks.apply(part))]).toEqual([part, 0, 0, 0]);
    console.log('second apply: zero changes');
  });

  it('changes nothing but what was changed', async () => {
    site.files.change('environment', ({ limits }) => {
      Object.assign(limits?.['engine'] ?? {}, { memoryMiB: 400 });
    });
    await site.stacks.synthesise();
    expect(await site.stacks.plan('data')).toEqual([]);
    expect(await site.stacks.plan('apps')).toEqual([
      { address: 'docker_container.engine-1', actions: ['update'] },
      { address: 'docker_container.engine-2', actions: ['update'] },
    ]);
    const before = await site.pid('backend-1');
    await site.stacks.apply('apps');
    expect(await site.pid('backend-1')).toBe(before);
    expect(
      await site.docker('inspect', '--format', '{{.HostConfig.Memory}}', site.container('engine-1')),
    ).toBe(String(400 * 1024 * 1024));
    for (const part of PARTS) expect(await site.stacks.plan(part)).toEqual([]);
  });

  it('leaves nothing but its protected data when it is destroyed', async () => {
    for (const part of ['monitoring', 'apps', 'data'] as const) {
      expect(await site.stacks.destroy(part)).toMatchObject({ code: 0 });
    }
    const refused = await site.stacks.destroy('base');
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('prevent_destroy');
    expect((await site.stacks.destroy('base', '-target=docker_network.network')).code).toBe(0);

    const labelled = ['--filter', 'label=holdfast.environment=tested', '--quiet'];
    expect(await site.docker('ps', '--all', ...labelled)).toBe('');
    expect(await site.docker('network', 'ls', ...labelled)).toBe('');
    const volumes = (await site.docker('volume', 'ls', ...labelled)).split('\n');
    expect(volumes).toContain('holdfast-tested-redis-1');
    expect(volumes).toContain('holdfast-tested-sync-snapshots');
    // No volume without a name is left either.
    expect(
      (await site.docker('volume', 'ls', '--quiet'))
        .split('\n')
        .filter((name) => /^[0-9a-f]{64}$/.test(name)),
    ).toEqual([]);
  });

  it('goes on from that data when it is applied again', async () => {
    const told = [...site.client.told.values()];
    const startedAt = performance.now();
    await site.applyAll();
    await trade('resumed', 5);
    console.log(
      `from the data to the first acknowledged signal: ${Math.round(performance.now() - startedAt)} ms`,
    );
    for (const account of ACCOUNTS) {
      const ids = new Set((await recordsOf(site.client, account)).map((row) => row['signalId']));
      const lost = told.filter((row) => row.account === account && !ids.has(row.id));
      expect(lost.map(({ id }) => id)).toEqual([]);
    }
    expect(await faults()).toEqual([]);
  });
});
