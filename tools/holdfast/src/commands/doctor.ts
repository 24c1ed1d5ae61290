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
import { type RedisEvidence, redisChecks } from '../doctor/redis-checks.ts';
import { sentinelChecks, wardenChecks } from '../doctor/sentinel-checks.ts';
import { CommandFailed } from '../failures.ts';
import { configOption, type Place, readPlace, stateOption } from '../options.ts';
import { readEverything } from '../redis/read-topology.ts';
import { tellerOf } from '../screen.ts';
import { gatherStatus, type StatusInput } from '../status/gather-status.ts';

/** The command. Exit code 1 when a check fails. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check the machine and the cluster; each line says ok, warn or fail, and what to do')
    .addOption(stateOption())
    .addOption(configOption())
    .action(async (place: Place, command: Command) => {
      const tell = tellerOf(command);
      // The machine, logs and data of a deployed environment are elsewhere: its nodes are asked, and nothing else.
      const checks =
        place.config === undefined
          ? await examine(resolve(place.state))
          : await examineCluster(readPlace(place));
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
  const cluster = await examineCluster(input, {
    reasonInLog: (node) => reasonInLog(join(folder, 'logs', `${node}.log`)),
    putAside: (node) => putAsideIn(join(folder, node)),
  });
  return [...machine, ...cluster];
}

type Traces = Pick<RedisEvidence, 'reasonInLog' | 'putAside'>;
const NO_TRACES: Traces = { reasonInLog: () => undefined, putAside: () => [] };

async function examineCluster(input: StatusInput, traces = NO_TRACES): Promise<readonly Check[]> {
  const { configuration } = input;
  const { redis, profile } = configuration.values;
  const [status, reading] = await Promise.all([gatherStatus(input), readEverything(configuration)]);
  const evidence = { ...reading, ...traces, redis, profile };
  return [
    ...redisChecks(evidence),
    ...sentinelChecks(evidence),
    ...wardenChecks(evidence),
    ...checkNodes(status),
    ...checkAccounts(status),
  ];
}
