/** `holdfast doctor`: looks at everything that is known to go wrong and says what to do about it. */
import { join, resolve } from 'node:path';
import { isRunning, readState } from '@holdfast/local-cluster';
import { Command } from 'commander';
import { type Check, warn } from '../doctor/check.ts';
import { checkAccounts, checkNodes, checkSecrets } from '../doctor/cluster-checks.ts';
import {
  checkDisk,
  checkKernel,
  checkNode,
  checkPorts,
  checkRedisVersion,
} from '../doctor/machine-checks.ts';
import { reasonInLog } from '../doctor/node-log.ts';
import { putAsideIn } from '../doctor/put-aside.ts';
import { redisChecks } from '../doctor/redis-checks.ts';
import { sentinelChecks, wardenChecks } from '../doctor/sentinel-checks.ts';
import { CommandFailed } from '../failures.ts';
import { stateOption } from '../options.ts';
import { readEverything } from '../redis/read-topology.ts';
import { tellerOf } from '../screen.ts';
import { gatherStatus } from '../status/gather-status.ts';

/** The command. Exit code 1 when a check fails. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check the machine and the cluster; each line says ok, warn or fail, and what to do')
    .addOption(stateOption())
    .action(async ({ state }: { state: string }, command: Command) => {
      const tell = tellerOf(command);
      const checks = await examine(resolve(state));
      for (const { result, about, found, advice } of checks) {
        tell(`${result.padEnd(4)}  ${about}: ${found}${advice === '' ? '' : `\n      → ${advice}`}`);
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
  const [status, reading] = await Promise.all([gatherStatus(input), readEverything(configuration)]);
  const evidence = {
    ...reading,
    redis: values.redis,
    profile: values.profile,
    reasonInLog: (node: string) => reasonInLog(join(folder, 'logs', `${node}.log`)),
    putAside: (node: string) => putAsideIn(join(folder, node)),
  };
  return [
    ...machine,
    ...redisChecks(evidence),
    ...sentinelChecks(evidence),
    ...wardenChecks(evidence),
    ...checkNodes(status),
    ...checkAccounts(status),
  ];
}
