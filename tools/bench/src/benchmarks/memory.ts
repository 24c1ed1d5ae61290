/**
 * What each process holds at its start and after many signals have gone through everything: the API, Redis, the
 * engines, the simulated broker, DuckDB and ClickHouse.
 */
import { readFileSync } from 'node:fs';
import type { Timings } from '../load/closed-loop.ts';
import type { LoadJob } from '../load/load-main.ts';
import { accountNames, inWorkplace } from '../processes/configuration.ts';
import { startProduct } from '../processes/product.ts';
import { startRedisTrio } from '../processes/redis-trio.ts';
import { startWorker } from '../processes/worker.ts';

export type MemoryOptions = { readonly signals: number; readonly tell: (line: string) => void };

export type MemoryFigures = {
  readonly signals: number;
  readonly perSecond: number;
  readonly processes: readonly {
    readonly name: string;
    readonly startBytes: number;
    readonly endBytes: number;
    readonly peakBytes: number;
  }[];
  /** `used_memory` of the primary without its replication backlog. */
  readonly redisStartBytes: number;
  readonly redisEndBytes: number;
};

const IN_FLIGHT = 64;
const WARM_UP = 500;
/** Signals between two lines of progress. */
const STRETCH = 10_000;
const STRETCH_WITHIN_MS = 300_000;

/** Sends the signals and reads each process's resident memory before and after. Ends everything it started. */
export function measureMemory({ signals, tell }: MemoryOptions): Promise<MemoryFigures> {
  return inWorkplace(IN_FLIGHT, async (workplace) => {
    const { values } = workplace.configuration;
    const redis = await startRedisTrio(values, workplace.folder);
    workplace.atEnd(redis.end);
    const product = await startProduct(workplace, { stores: true });
    workplace.atEnd(product.end);
    const load = startWorker<LoadJob, Timings>('load', new URL('../load/load-main.ts', import.meta.url));
    workplace.atEnd(load.end);
    const { apiKey } = workplace;
    const to = { until: 'result', port: values.api.listen.port, prefix: '', apiKey } as const;
    const send = (count: number, tag: string): Promise<Timings> =>
      load.run(
        { ...to, inFlight: IN_FLIGHT, accounts: accountNames(IN_FLIGHT), count, warmUp: 0, tag },
        STRETCH_WITHIN_MS,
      );
    await send(WARM_UP, 'm0');
    const processes = [...product.processes, ...redis.processes];
    const before = processes.map(({ pid }) => residentBytes(pid, 'VmRSS'));
    const redisStartBytes = await redis.usedMemoryBytes();
    let tookMs = 0;
    for (let done = 0; done < signals; done += STRETCH) {
      const count = Math.min(STRETCH, signals - done);
      const timings = await send(count, `m${done + 1}`);
      tookMs += timings.tookMs;
      tell(`memory: ${done + count} of ${signals} signals, ${Math.round(count / (timings.tookMs / 1000))}/s`);
    }
    await product.untilTrading();
    return {
      signals,
      perSecond: signals / (tookMs / 1000),
      processes: processes.map(({ name, pid }, index) => ({
        name,
        startBytes: before[index] ?? 0,
        endBytes: residentBytes(pid, 'VmRSS'),
        peakBytes: residentBytes(pid, 'VmHWM'),
      })),
      redisStartBytes,
      redisEndBytes: await redis.usedMemoryBytes(),
    };
  });
}

/** Resident memory now (`VmRSS`) or at its peak (`VmHWM`), from Linux's /proc. */
function residentBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kilobytes) * 1024;
}
