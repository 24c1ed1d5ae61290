/** `holdfast up`: runs the whole system on this machine, in the foreground or detached. */
import { resolve } from 'node:path';
import type { ProfileName } from '@holdfast/ha-core';
import { Command, Option } from 'commander';
import { messageOf } from '../failures.ts';
import { basePortNumber, existingFile, milliseconds, portNumber, stateOption } from '../options.ts';
import { detachedReport, startDetached } from '../up/detached.ts';
import { runCluster } from '../up/run-cluster.ts';

type UpOptions = {
  readonly state: string;
  readonly detach?: true;
  readonly basePort?: number;
  readonly apiPort?: number;
  readonly profile?: ProfileName;
  readonly prices?: string;
  readonly latency?: number;
};

/** The command. */
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
  if (options.detach) return startDetached(process.argv.slice(2).filter((word) => word !== '--detach'));
  const report = detachedReport();
  try {
    await runCluster(resolve(options.state), {
      basePort: options.basePort,
      apiPort: options.apiPort,
      profile: options.profile,
      latencyMs: options.latency,
      prices: options.prices,
    });
  } catch (error) {
    if (report === undefined) throw error;
    await report({ is: 'failed', text: messageOf(error) });
    process.exitCode = 1;
  }
  process.exit();
}
