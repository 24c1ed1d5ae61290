/** What a figure depends on besides the code: the machine and the versions. No names, no paths. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

export type Machine = {
  readonly cores: number;
  readonly processor: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly redis: string;
  readonly bullmq: string;
  /** Processes that wanted a core in the minute before the start: above the number of cores the figures are noisy. */
  readonly loadBefore: number;
};

/** Reads it. Throws when redis-server does not say its version. */
export function describeMachine(): Machine {
  const said = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  const manifest = new URL('../../package.json', import.meta.url);
  const { devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    devDependencies: { bullmq: string };
  };
  return {
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.versions.node,
    redis: /v=([\d.]+)/.exec(said)?.[1] ?? said.trim(),
    bullmq: devDependencies.bullmq,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}
