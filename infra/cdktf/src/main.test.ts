/** The program as it is run: what it writes, and that a refusal writes nothing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Changes, withExample } from './testing/example.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));

function run(environment: Changes, words: readonly string[] = []) {
  return withExample('local', { environment }, (file, folder) => {
    const output = join(folder, 'out');
    const done = spawnSync(process.execPath, [MAIN, '--environment', file, '--output', output, ...words], {
      encoding: 'utf8',
    });
    const read = (path: string): unknown =>
      existsSync(join(output, path)) ? JSON.parse(readFileSync(join(output, path), 'utf8')) : undefined;
    return {
      ...done,
      wrote: existsSync(output),
      base: read('stacks/local-base/cdk.tf.json'),
      manifest: read('manifest.json'),
      output,
    };
  });
}

describe('main.ts', () => {
  it('writes a folder for each stack and says which', () => {
    const { status, stdout, base, manifest, output, stderr } = run({});
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toEqual(
      ['base', 'data', 'apps', 'monitoring'].map((part) => `${output}/stacks/local-${part}`),
    );
    expect(base).toMatchObject({ resource: { docker_network: { network: { name: 'holdfast-local' } } } });
    // The order in which `cdktf deploy` brings them up.
    expect(manifest).toMatchObject({
      stacks: {
        'local-base': { dependencies: [] },
        'local-data': { dependencies: ['local-base'] },
        'local-apps': { dependencies: ['local-base', 'local-data'] },
        'local-monitoring': { dependencies: ['local-base'] },
      },
    });
  });

  it('refuses what is wrong with its place, and writes nothing', () => {
    const { status, stdout, stderr, wrote } = run({ 'haproxy:3.0.11': 'haproxy:latest' });
    expect([status, stdout, wrote]).toEqual([1, '', false]);
    expect(stderr).toMatch(
      /local\.yaml cannot be used:\n {2}line \d+, images\.loadBalancer: "haproxy:latest" moves/,
    );
  });

  it('refuses an environment whose secrets are not there', () => {
    const { status, stderr, wrote } = run({}, ['--local-secrets', '/nonexistent']);
    expect([status, wrote]).toEqual([1, false]);
    expect(stderr).toContain('the secret api.key is not in /nonexistent');
  });

  it('says which environments there are', () => {
    const done = spawnSync(process.execPath, [MAIN, '--environment', 'nowhere'], { encoding: 'utf8' });
    expect(done.status).toBe(2);
    expect(done.stderr).toBe(
      '--environment nowhere: expected one of local, production, or the file of another\n',
    );
  });
});
