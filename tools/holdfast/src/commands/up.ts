/** `holdfast up`: runs the whole system on this machine, in the foreground or detached. */
import { resolve } from 'node:path';
import type { ProfileName } from '@holdfast/ha-core';
import { startLocalCluster } from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { Command, Option } from 'commander';
import { basePortNumber, existingFile, milliseconds, portNumber, stateOption } from '../options.ts';

type UpOptions = {
  readonly state: string;
  readonly detach?: true;
  readonly basePort?: number;
  readonly apiPort?: number;
  readonly profile?: ProfileName;
  readonly prices?: string;
  readonly latency?: number;
};

export function upCommand(): Command {
  return new Command('up')
    .description('run the whole system on this machine: set up its state, start all nodes, keep them running')
    .addOption(stateOption())
    .option('--detach', 'return when all is ready; `holdfast down` ends it')
    .option('--base-port <port>', 'first of the ports of the nodes (first start: 18000)', basePortNumber)
    .option('--api-port <port>', 'port of the API and the console (first start: 8080)', portNumber)
    .addOption(
      new Option('--profile <name>', 'numbers of the recovery times (first start: fast)').choices([
        'fast',
        'seed',
      ]),
    )
    .option('--prices <file>', 'recorded quotes for the simulated broker', existingFile)
    .option('--latency <ms>', 'time that the simulated broker takes for an order', milliseconds)
    .action((options: UpOptions) => up(options));
}

async function up(options: UpOptions): Promise<void> {
  const cluster = await startLocalCluster({
    folder: resolve(options.state),
    changes: {
      basePort: options.basePort,
      apiPort: options.apiPort,
      profile: options.profile,
      latencyMs: options.latency,
      prices: options.prices,
    },
    host: realHost,
    runtime: process.execPath,
    tell: (line) => void process.stdout.write(`${line}\n`),
  });
  await asked();
  process.on('SIGINT', () => void cluster.stop(true));
  process.on('SIGTERM', () => void cluster.stop(true));
  await cluster.stop();
  process.exit(0);
}

/** Resolves at the first SIGINT or SIGTERM. */
function asked(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
