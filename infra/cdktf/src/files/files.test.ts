/** The texts that containers get: the shell that writes them runs, and each says what its program needs. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration } from '@holdfast/configuration';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changedExample, containersOf, type ContainerText, variable } from '../testing/example.ts';
import { fileWriter } from './file-writer.ts';
import { prometheusFiles } from './prometheus.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-files-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

describe('fileWriter', () => {
  it('writes each file as it is, forgets its text, and becomes the command', () => {
    const root = folder();
    const texts = ['one\n"two" $HOME ${x} %s \\n `id`\n', 'ä\n\n'];
    const files = texts.map((text, index) => ({ path: `${root}/deep/${index}/file`, text }));
    const { entrypoint, env } = fileWriter(files, ['said="$(echo here)"', 'export said']);
    const [program = '', ...words] = entrypoint;
    const command = ['/bin/sh', '-c', 'echo "$0 $said ${HOLDFAST_FILE_1-none}"', 'word'];
    const done = spawnSync(program, [...words, ...command], {
      env: { ...env, PATH: process.env['PATH'] },
      encoding: 'utf8',
    });
    expect([done.status, done.stdout]).toEqual([0, 'word here none\n']);
    expect(files.map(({ path }) => readFileSync(path, 'utf8'))).toEqual(texts);
  });

  it('begins no program when a file cannot be written', () => {
    const { entrypoint, env } = fileWriter([{ path: '/proc/none/file', text: 'x' }]);
    const [program = '', ...words] = entrypoint;
    const done = spawnSync(program, [...words, 'echo', 'began'], {
      env: { ...env, PATH: process.env['PATH'] },
    });
    expect(done.status).not.toBe(0);
    expect(done.stdout.toString()).toBe('');
  });

  it('refuses a text that the kernel would not take', () => {
    expect(() => fileWriter([{ path: '/etc/long', text: 'x'.repeat(131_072) }])).toThrow(
      '/etc/long: 131072 bytes, expected at most',
    );
  });
});

describe('holdfast.yaml in a container', () => {
  const of = (container: ContainerText | undefined): string => variable(container, 'HOLDFAST_CONFIG');

  it('is the file itself for apps', () => {
    const environment = changedExample('local');
    expect(of(containersOf(environment).get('engine-1'))).toBe(environment.clusterText);
  });

  it('is right, and has the same Redis, for those that keep the data', () => {
    const environment = changedExample('local');
    const text = of(containersOf(environment).get('redis-1'));
    expect(parseConfiguration('holdfast.yaml', text).redis).toEqual(environment.cluster.redis);
  });

  it('replaces no Redis node when an account gets a symbol, and each app', () => {
    const more = { cluster: { 'symbols: [EURUSD]': 'symbols: [EURUSD, USDJPY]' } };
    const [before, after] = [
      containersOf(changedExample('local')),
      containersOf(changedExample('local', more)),
    ];
    const changed = [...before].filter(
      ([name, text]) => JSON.stringify(text) !== JSON.stringify(after.get(name)),
    );
    expect(changed.map(([name]) => name).toSorted()).toEqual(
      ['backend-1', 'backend-2', 'broker', 'engine-1', 'engine-2', 'sync'].concat([
        'terminal-1',
        'terminal-2',
        'terminal-3',
      ]),
    );
  });
});

describe('one changed limit', () => {
  it('changes that kind of container and no other', () => {
    const more = { environment: { 'sync: { memoryMiB: 1024': 'sync: { memoryMiB: 1536' } };
    const [before, after] = [
      containersOf(changedExample('local')),
      containersOf(changedExample('local', more)),
    ];
    const changed = [...before].filter(
      ([name, text]) => JSON.stringify(text) !== JSON.stringify(after.get(name)),
    );
    expect(changed.map(([name]) => name)).toEqual(['sync']);
  });
});

describe('haproxy.cfg', () => {
  const text = variable(containersOf(changedExample('local')).get('load-balancer-1'), 'HOLDFAST_FILE_1');

  it('has every backend and asks each for /readyz', () => {
    expect(text).toContain('http-check send meth GET uri /readyz');
    expect(text).toContain('server backend-1 172.28.7.51:8000');
    expect(text).toContain('server backend-2 172.28.7.52:8000');
  });

  it('never sends a request a second time that a backend may have got', () => {
    expect(text).not.toContain('retry-on');
    expect(text).not.toContain('shutdown-sessions');
  });
});

describe('prometheus.yml', () => {
  it('asks every process that has metrics, and the load balancer by its name', () => {
    const [settings] = prometheusFiles(changedExample('local'));
    const { scrape_configs: jobs } = JSON.parse(settings?.text ?? '') as {
      scrape_configs: { static_configs: { targets: string[]; labels: { node: string } }[] }[];
    };
    const targets = jobs.flatMap(({ static_configs: all }) => all);
    expect(targets.map(({ labels }) => labels.node).toSorted()).toEqual(
      ['backend-1', 'backend-2', 'broker', 'engine-1', 'engine-2', 'load-balancer-1', 'sync'].concat([
        'warden-1',
        'warden-2',
        'warden-3',
      ]),
    );
    expect(targets).toContainEqual({ targets: ['172.28.7.31:7002'], labels: { node: 'warden-1' } });
    expect(targets).toContainEqual({
      targets: ['holdfast-local-load-balancer-1:8405'],
      labels: { node: 'load-balancer-1' },
    });
  });
});
