/** `holdfast down`: ends the local cluster through its supervisor, or what a killed supervisor left. */
import {
  endLeftovers,
  isRunning,
  leftoverNames,
  leftovers,
  localNodes,
  readState,
  RECORD_FILE,
  signalProcess,
} from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { sleep } from '@holdfast/ha-core';
import { Command } from 'commander';
import { join, resolve } from 'node:path';
import { CommandFailed } from '../failures.ts';
import { stateOption } from '../options.ts';

/** All waves of stopping, each with its limit, end within this. */
const LIMIT_MS = 90_000;
const POLL_MS = 100;

export function downCommand(): Command {
  return new Command('down')
    .description('end the local cluster; its state stays for the next start')
    .addOption(stateOption())
    .action(async ({ state }: { state: string }) => down(resolve(state)));
}

async function down(folder: string): Promise<void> {
  const { record } = readState(folder);
  const { supervisor } = record;
  if (supervisor !== null && signalProcess(supervisor, 'SIGTERM')) {
    process.stdout.write(`stopping the cluster in ${folder} (supervisor pid ${supervisor.pid})\n`);
    const untilMs = realHost.monotonicMs() + LIMIT_MS;
    while (isRunning(supervisor)) {
      if (realHost.monotonicMs() > untilMs) {
        throw new CommandFailed(
          `the supervisor (pid ${supervisor.pid}) has not ended within ${LIMIT_MS / 1000} s; ${join(folder, 'logs', 'supervisor.log')} says what it waits for`,
        );
      }
      await sleep(realHost, POLL_MS);
    }
  }
  const after = readState(folder);
  const left = leftovers(after.record, localNodes(after.configuration.values));
  if (left.length > 0) {
    process.stdout.write(`ending what was left without a supervisor: ${leftoverNames(left)}\n`);
    await endLeftovers(realHost, left);
  }
  process.stdout.write(
    supervisor === null && left.length === 0
      ? `nothing runs (${join(folder, RECORD_FILE)})\n`
      : `all has stopped; the state stays in ${folder}\n`,
  );
}
