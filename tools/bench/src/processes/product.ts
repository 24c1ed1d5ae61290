/**
 * The product's processes for a benchmark, started as everywhere: a backend, and for the journey two engines with the
 * simulated broker and its terminals. With a profile folder, backend and engines write a processor profile there.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration } from '@holdfast/configuration';
import type { Endpoint } from '@holdfast/ha-core';
import { PROGRAMS } from '@holdfast/local-cluster';
import { type Child, startChild } from './child.ts';
import type { Workplace } from './configuration.ts';
import { until, untilReady } from './readiness.ts';

export type Product = {
  readonly processes: readonly Child[];
  /** Resolves once every account has an active engine that may trade, and nothing waits. */
  readonly untilTrading: () => Promise<void>;
  /** Every request takes the broker this long from now on. */
  readonly setBrokerLatency: (latencyMs: number) => Promise<void>;
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly end: () => Promise<void>;
};

const TERMINALS = fileURLToPath(new URL('../terminals/terminals-main.ts', import.meta.url));
/** More requests than any benchmark sends while one latency is set. */
const REQUESTS_MAX = 1_000_000;
const ASK_WITHIN_MS = 3000;

/** Starts one backend and waits until it can accept. */
export async function startBackend(workplace: Workplace, profileFolder: string | undefined): Promise<Child> {
  const { values } = workplace.configuration;
  const [backend] = values.backends;
  if (backend === undefined) throw new Error('the configuration names no backend');
  const child = startProgram(workplace, PROGRAMS.backend, backend.name, profileFolder);
  await untilReady(values.api.listen, '/readyz');
  return child;
}

export type ProductOptions = {
  /** Folder for processor profiles of backend and engines; none without it. */
  readonly profileFolder?: string | undefined;
  /** Also sync, with an embedded ClickHouse: what takes the results away from Redis. */
  readonly stores?: boolean;
};

/** Starts everything that carries signals to the broker, and waits until all accounts trade. */
export async function startProduct(
  workplace: Workplace,
  { profileFolder, stores = false }: ProductOptions,
): Promise<Product> {
  const { values } = workplace.configuration;
  const http = values.simulator?.http;
  if (http === undefined) throw new Error('the configuration has no simulated broker');
  const processes = [startProgram(workplace, PROGRAMS.broker, 'broker', undefined)];
  await untilReady(http, '/readyz');
  processes.push(startProgram(workplace, TERMINALS, 'terminals', undefined));
  for (const { name } of values.engines) {
    processes.push(startProgram(workplace, PROGRAMS.engine, name, profileFolder));
  }
  processes.push(await startBackend(workplace, profileFolder));
  if (stores) processes.push(...(await startStores(workplace)));
  const untilTrading = (): Promise<void> => until(() => notTrading(values), 'the product');
  await untilTrading();
  return {
    processes,
    untilTrading,
    setBrokerLatency: (latencyMs) => setLatency(http, latencyMs),
    freeze: () => {
      for (const child of processes) child.freeze();
    },
    thaw: () => {
      for (const child of processes) child.thaw();
    },
    end: async () => {
      for (const child of processes.toReversed()) await child.end();
    },
  };
}

async function startStores(workplace: Workplace): Promise<Child[]> {
  const { folder, configuration } = workplace;
  const { clickhouse, sync } = configuration.values;
  const { hostname, port } = new URL(clickhouse.url);
  const path = join(folder, 'clickhouse');
  const command = [process.execPath, PROGRAMS.clickhouse, '--port', port, '--path', path] as const;
  const archive = startChild('clickhouse', command, folder);
  await untilReady({ host: hostname, port: Number(port) }, '/ping');
  const child = startChild(
    sync.name,
    [process.execPath, PROGRAMS.sync, '--config', configuration.file],
    folder,
  );
  await untilReady(sync.api, '/readyz');
  return [archive, child];
}

/** Starts one of the product's programs with its log in the folder. */
export function startProgram(
  { folder, configuration }: Workplace,
  program: string,
  name: string,
  profileFolder: string | undefined,
): Child {
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`];
  const command = [
    process.execPath,
    ...profile,
    program,
    '--config',
    configuration.file,
    '--name',
    name,
  ] as const;
  return startChild(name, command, folder);
}

type EngineStatus = {
  readonly accounts: readonly {
    readonly account: string;
    readonly active?: {
      readonly connection: string;
      readonly waiting: number;
      readonly open: number;
      readonly paused: boolean;
    };
  }[];
};

/** Undefined when each account is active at exactly one engine, up and idle; else what is missing. */
async function notTrading(values: Configuration): Promise<string | undefined> {
  const ready = new Map<string, number>();
  for (const { name, health } of values.engines) {
    const answer = await ask(health, 'GET', '/status');
    if (answer === undefined) return `${name} does not answer`;
    for (const { account, active } of (answer as EngineStatus).accounts) {
      if (active === undefined) continue;
      const idle = active.connection === 'up' && active.waiting === 0 && active.open === 0 && !active.paused;
      if (!idle) return `${account} at ${name}: ${JSON.stringify(active)}`;
      ready.set(account, (ready.get(account) ?? 0) + 1);
    }
  }
  const wrong = values.accounts.find(({ account }) => ready.get(account) !== 1);
  return wrong === undefined
    ? undefined
    : `${wrong.account} is active at ${ready.get(wrong.account) ?? 0} engines`;
}

async function setLatency(http: Endpoint, latencyMs: number): Promise<void> {
  await ask(http, 'DELETE', '/faults');
  if (latencyMs === 0) return;
  const fault = { kind: 'delay', delayMs: latencyMs, times: REQUESTS_MAX };
  if ((await ask(http, 'POST', '/faults', fault)) === undefined) throw new Error('the broker took no delay');
}

/** The answer's JSON; undefined when there is none or it is an error. */
async function ask({ host, port }: Endpoint, method: string, path: string, body?: object): Promise<unknown> {
  try {
    const answer = await fetch(`http://${host}:${port}${path}`, {
      method,
      signal: AbortSignal.timeout(ASK_WITHIN_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const json: unknown = await answer.json();
    return answer.ok ? json : undefined;
  } catch {
    return undefined;
  }
}
