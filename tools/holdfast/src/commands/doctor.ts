/** `holdfast doctor`: looks at everything that is known to go wrong and says what to do about it. */
import { resolve } from 'node:path';
import { redisAccess } from '@holdfast/configuration';
import { isRunning, readState } from '@holdfast/local-cluster';
import { createRedisNodes } from '@holdfast/redis';
import { Command } from 'commander';
import { type Check, warn } from '../doctor/check.ts';
import {
  checkAccounts,
  checkNodes,
  checkQuorum,
  checkReplicas,
  checkSecrets,
} from '../doctor/cluster-checks.ts';
import {
  checkDisk,
  checkKernel,
  checkNode,
  checkPorts,
  checkRedisVersion,
} from '../doctor/machine-checks.ts';
import { CommandFailed } from '../failures.ts';
import { stateOption } from '../options.ts';
import { gatherStatus } from '../status/gather-status.ts';

/** The command. Exit code 1 when a check fails. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check the machine and the cluster; each line says ok, warn or fail, and what to do')
    .addOption(stateOption())
    .action(async ({ state }: { state: string }) => {
      const checks = await examine(resolve(state));
      for (const { result, about, found, advice } of checks) {
        process.stdout.write(
          `${result.padEnd(4)}  ${about}: ${found}${advice === '' ? '' : `\n      → ${advice}`}\n`,
        );
      }
      const failed = checks.filter(({ result }) => result === 'fail').length;
      if (failed > 0) throw new CommandFailed(`${failed} of ${checks.length} checks failed`);
    });
}

async function examine(folder: string): Promise<readonly Check[]> {
  const input = readState(folder);
  const { configuration, record } = input;
  const { values } = configuration;
  const running = record.supervisor !== null && isRunning(record.supervisor);
  const machine = [
    checkNode(),
    checkRedisVersion(),
    ...checkKernel(values),
    checkDisk(folder),
    ...checkSecrets(configuration),
    ...(await checkPorts(values, running)),
  ];
  if (!running)
    return [...machine, warn('cluster', 'does not run', 'npm start or npx holdfast up starts it')];
  if (machine.some(({ about, result }) => about === 'secrets' && result === 'fail')) {
    return [
      ...machine,
      warn('cluster', 'not asked, because a secret cannot be used', 'mend the secrets first'),
    ];
  }
  const redis = createRedisNodes(redisAccess(configuration, 'warden'));
  const [status, replicas, quorum] = await Promise.all([
    gatherStatus(input),
    checkReplicas(configuration, redis),
    checkQuorum(configuration, redis),
  ]);
  return [...machine, replicas, ...quorum, ...checkNodes(status), ...checkAccounts(status)];
}
