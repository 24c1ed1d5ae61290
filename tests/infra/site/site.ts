/** A deployed environment as its tests see it: clients through the load balancer, containers by name, volumes on the host. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '../../e2e/client.ts';
import { until } from '../../e2e/cluster.ts';
import { type Gathered, placesOf } from '../../e2e/evidence.ts';
import { run } from '../host/commands.ts';
import type { Stage } from '../host/global-setup.ts';
import { type EnvironmentFiles, writeEnvironment } from './environment.ts';
import { createStacks, PARTS, type Stacks } from './stacks.ts';

export type Site = {
  readonly files: EnvironmentFiles;
  readonly stacks: Stacks;
  readonly client: Client;
  /** What the gathering of evidence needs. */
  readonly gathered: Gathered;
  readonly docker: (...words: string[]) => Promise<string>;
  /** Full name of the container of a process. */
  readonly container: (process: string) => string;
  /** The id of its first process, on the host. */
  readonly pid: (process: string) => Promise<number>;
  /** How often the engine started it again. */
  readonly restarts: (process: string) => Promise<number>;
  readonly log: (process: string, sinceS?: number) => Promise<string>;
  /** Kills the first process of a container, from outside, so that the engine starts it again. */
  readonly kill: (process: string) => Promise<void>;
  /** Folder of a volume on the host. */
  readonly volume: (name: string) => Promise<string>;
  /** Gives all in a volume to the user of our images, after it was filled from outside. */
  readonly own: (volume: string) => Promise<void>;
  /** Applies every stack; when that fails, the last lines of what Redis consists of are told: a container that did not become healthy is gone. */
  readonly applyAll: () => Promise<void>;
  /** Waits until every container of the environment is healthy. */
  readonly untilHealthy: (limitMs: number) => Promise<void>;
  /** Tells the last lines of what Redis consists of, for a test that failed. */
  readonly tellRedis: () => Promise<void>;
  /** Writes every container's log below the folder that HOLDFAST_LOGS names; without it, nothing. */
  readonly keepLogs: (when: string | number) => Promise<void>;
  /** Takes everything away, data too. */
  readonly remove: () => Promise<void>;
};

/** The user and group in our images. */
const OWNER = '10001:10001';

const LISTEN_EVERY_MS = 10_000;
const LINES_TOLD = 15;

/** An environment of this name, written and synthesised; nothing is deployed. */
export async function openSite(stage: Stage, name: string): Promise<Site> {
  const files = await writeEnvironment(stage, name);
  const stacks = createStacks(stage, files);
  await stacks.synthesise();
  const docker = async (...words: string[]): Promise<string> =>
    (await run('docker', words, { env: stage.env })).trim();
  const container = (process: string): string => `holdfast-${name}-${process}`;
  const inspect = (process: string, format: string): Promise<string> =>
    docker('inspect', '--format', format, container(process));
  const mountpoint = (volume: string): Promise<string> =>
    docker('volume', 'inspect', '--format', '{{.Mountpoint}}', volume);
  const labelled = `label=holdfast.environment=${name}`;
  const logsOfRedis = async (): Promise<ReadonlyMap<string, string>> => {
    const names = await docker('ps', '--filter', labelled, '--format', '{{.Names}}');
    const logs = new Map<string, string>();
    for (const each of names.split('\n').filter((one) => /-(redis|sentinel|warden)-\d$/.test(one)))
      logs.set(each, await logOf(stage, each, undefined));
    return logs;
  };
  const pid = async (process: string): Promise<number> => Number(await inspect(process, '{{.State.Pid}}'));
  return {
    files,
    stacks,
    client: createClient(`http://127.0.0.1:${files.apiPort}`, files.secret('api.key')),
    gathered: { configurationText: files.clusterText, secret: files.secret },
    docker,
    container,
    pid,
    restarts: async (process) => Number(await inspect(process, '{{.RestartCount}}')),
    log: (process, sinceS) => logOf(stage, container(process), sinceS),
    kill: async (name_) => {
      const id = await pid(name_);
      if (id <= 1) throw new Error(`${name_} does not run`);
      process.kill(id, 'SIGKILL');
    },
    volume: mountpoint,
    own: async (volume) => {
      await run('chown', ['-R', OWNER, await mountpoint(volume)]);
    },
    applyAll: async () => {
      const said = new Map<string, string>();
      const listen = async (): Promise<void> => {
        for (const [each, text] of await logsOfRedis()) said.set(each, text);
      };
      // A container can go while it is listened to.
      const timer = setInterval(() => void listen().catch(() => undefined), LISTEN_EVERY_MS);
      try {
        await stacks.applyAll();
      } catch (error) {
        tellLast(said);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
    untilHealthy: async (limitMs) => {
      await until(
        `all containers of ${name} are healthy`,
        limitMs,
        async () => {
          const said = await docker(
            'ps',
            '--all',
            '--filter',
            labelled,
            '--format',
            '{{.Names}} {{.Status}}',
          );
          const rows = said.split('\n');
          const sick = rows.filter((row) => !row.includes('(healthy)'));
          if (sick.length > 0) throw new Error(sick.join('; '));
          return true;
        },
        250,
      );
    },
    tellRedis: async () => tellLast(await logsOfRedis()),
    keepLogs: async (when) => {
      const folder = process.env['HOLDFAST_LOGS'];
      if (folder === undefined) return;
      const into = join(folder, `${name}-${when}`);
      mkdirSync(into, { recursive: true });
      const names = await docker('ps', '--all', '--filter', labelled, '--format', '{{.Names}}');
      for (const each of names.split('\n')) {
        if (each !== '') writeFileSync(join(into, `${each}.log`), await logOf(stage, each, undefined));
      }
    },
    remove: async () => {
      for (const part of [...PARTS].reverse()) {
        if (part !== 'base') await stacks.destroy(part);
      }
      const ids = await docker('ps', '--all', '--quiet', '--filter', labelled);
      if (ids !== '') await docker('rm', '--force', '--volumes', ...ids.split('\n'));
      const volumes = await docker('volume', 'ls', '--quiet', '--filter', labelled);
      if (volumes !== '') await docker('volume', 'rm', ...volumes.split('\n'));
      const networks = await docker('network', 'ls', '--quiet', '--filter', labelled);
      if (networks === '') return;
      // The engine may still be letting go of a container that it was starting again when it was removed.
      const gone = until('the networks are gone', 15_000, async () => {
        await docker('network', 'rm', ...networks.split('\n'));
        return true;
      });
      await gone.catch(async (cause: unknown) => {
        const within = '{{.Name}} holds{{range .Containers}} {{.Name}}{{end}}';
        const said = await docker('network', 'inspect', '--format', within, ...networks.split('\n'));
        // Docker 20.10 goes on to count an endpoint of a container that is gone, now and then: it has started it a dozen times by then.
        if (!/holds \S/.test(said) && stage.engine.includes(stage.folder))
          return console.log(`${said} nobody, and goes with the engine of the tests`);
        throw new Error(`networks are left: ${said}`, { cause });
      });
    },
  };
}

function tellLast(logs: ReadonlyMap<string, string>): void {
  for (const [container, text] of logs)
    console.log(`${container}:\n${text.trimEnd().split('\n').slice(-LINES_TOLD).join('\n')}`);
}

/** Both of its outputs, as one text. */
async function logOf(stage: Stage, container: string, sinceS: number | undefined): Promise<string> {
  const since = sinceS === undefined ? [] : ['--since', String(sinceS)];
  return run('sh', ['-c', 'exec docker logs "$@" 2>&1', 'sh', ...since, container], { env: stage.env });
}

/** POSTs a fault to the simulated broker. */
export async function strike(site: Site, fault: Readonly<Record<string, unknown>>): Promise<void> {
  const response = await fetch(`${placesOf(site.gathered).broker}/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  if (!response.ok) throw new Error(`fault refused: ${await response.text()}`);
}

/** What sync says of itself. */
export async function syncStatus(site: Site): Promise<{
  readonly snapshot: { readonly name: string | null };
  readonly restored: { readonly from?: string };
}> {
  const headers = { authorization: `Bearer ${site.files.secret('cluster')}` };
  const response = await fetch(`${placesOf(site.gathered).sync}/v1/status`, { headers });
  if (!response.ok) throw new Error(`sync: ${response.status} ${await response.text()}`);
  return (await response.json()) as Awaited<ReturnType<typeof syncStatus>>;
}

/** Path below a volume's folder. */
export async function inVolume(site: Site, volume: string, ...path: string[]): Promise<string> {
  return join(await site.volume(volume), ...path);
}
