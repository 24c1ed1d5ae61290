/**
 * `holdfast switchover`: planned changes that lose nothing. `engine`: the active engine finishes what is in flight and hands
 * the account to a standby. `redis`: the primary hands over to a replica of the in-sync set.
 */
import { resolve } from 'node:path';
import { sleep } from '@holdfast/ha-core';
import type { Host } from '@holdfast/ha-core';
import type { LoadedConfiguration } from '@holdfast/configuration';
import { readState } from '@holdfast/local-cluster';
import { realHost } from '@holdfast/process';
import { endpointName } from '@holdfast/redis';
import { Argument, Command } from 'commander';
import { CommandFailed } from '../failures.ts';
import { stateOption } from '../options.ts';
import { switchOverRedis } from '../redis/switch-over.ts';
import { tellerOf } from '../screen.ts';
import { askHttp } from '../status/http-json.ts';
import { readEngines } from '../status/sources.ts';

/** Handing over waits for the command that is under way at the terminal. */
const HAND_OVER_LIMIT_MS = 30_000;
const TAKEN_LIMIT_MS = 10_000;
const POLL_MS = 20;

/** The command. */
export function switchoverCommand(): Command {
  return new Command('switchover')
    .description('planned change of leadership, without losing a signal')
    .addArgument(new Argument('<what>', 'what to switch over').choices(['engine', 'redis']))
    .argument(
      '[which]',
      'engine: the account, all of them when left out; redis: the node that takes over, chosen by Sentinel when left out',
    )
    .addOption(stateOption())
    .action(
      async (what: string, which: string | undefined, { state }: { state: string }, command: Command) => {
        const { configuration } = readState(resolve(state));
        const tell = tellerOf(command);
        if (what === 'redis') return switchOverRedis(realHost, configuration, which, tell);
        const account = which;
        const known = configuration.values.accounts.map((one) => one.account);
        if (account !== undefined && !known.includes(account)) {
          throw new CommandFailed(`account ${JSON.stringify(account)}: expected one of ${known.join(', ')}`);
        }
        for (const one of account === undefined ? known : [account])
          await switchOver(realHost, configuration, one, tell);
      },
    );
}

async function switchOver(
  host: Host,
  configuration: LoadedConfiguration,
  account: string,
  tell: (line: string) => void,
): Promise<void> {
  const { values, secret } = configuration;
  const from = (await leaderOf(configuration, account))?.engine;
  const engine = values.engines.find(({ name }) => name === from);
  if (from === undefined || engine === undefined) throw new CommandFailed(`${account}: no engine leads it`);
  const answer = await askHttp({
    url: `http://${endpointName(engine.health)}/switchover?account=${encodeURIComponent(account)}`,
    limitMs: HAND_OVER_LIMIT_MS,
    method: 'POST',
    secret: secret('clusterSecretFile', values.clusterSecretFile),
  });
  if (answer.is === 'silent') throw new CommandFailed(`${account}: ${answer.why}`);
  if (answer.status !== 200) {
    throw new CommandFailed(`${account}: ${from} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  const untilMs = host.monotonicMs() + TAKEN_LIMIT_MS;
  for (;;) {
    const leader = await leaderOf(configuration, account);
    if (leader !== undefined && leader.engine !== from) {
      tell(`${account}: ${from} handed over to ${leader.engine}, epoch ${leader.epoch}`);
      return;
    }
    if (host.monotonicMs() >= untilMs) {
      throw new CommandFailed(
        `${account}: ${from} handed over, but no other engine leads it after ${TAKEN_LIMIT_MS / 1000} s`,
      );
    }
    await sleep(host, POLL_MS);
  }
}

async function leaderOf(
  { values }: LoadedConfiguration,
  account: string,
): Promise<{ readonly engine: string; readonly epoch: string } | undefined> {
  for (const [engine, { accounts }] of await readEngines(values)) {
    const seat = accounts.find((one) => one.account === account && one.role === 'active');
    if (seat !== undefined) return { engine, epoch: seat.epoch };
  }
  return undefined;
}
