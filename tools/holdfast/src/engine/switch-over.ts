/**
 * `holdfast switchover engine`: the engine that leads finishes what is in flight and hands over; signals wait meanwhile and
 * none is refused. The wish is durable, so an engine that dies halfway leaves it to the next one.
 */
import type { LoadedConfiguration } from '@holdfast/configuration';
import type { Host } from '@holdfast/ha-core';
import { createApiClient } from '../api-client.ts';
import { CommandFailed } from '../failures.ts';
import { expectOne } from '../options.ts';
import { ANSWERED_WITHIN_MS, makeWish } from '../wish.ts';
import { readLeaders } from './leaders.ts';

export type EngineSwitchover = {
  /** One account; every one that the active engine leads when left out. */
  readonly account?: string | undefined;
  /** The engine that takes over; any other when left out. */
  readonly to?: string | undefined;
};

/** Hands over and says what was done. Throws CommandFailed with the reason when it was not. */
export async function switchOverEngine(
  host: Host,
  configuration: LoadedConfiguration,
  { account, to }: EngineSwitchover,
  tell: (line: string) => void,
): Promise<void> {
  const { values } = configuration;
  expectOne(
    'account',
    account,
    values.accounts.map((one) => one.account),
  );
  expectOne(
    '--to',
    to,
    values.engines.map(({ name }) => name),
  );
  const client = createApiClient(configuration);
  const accounts = account === undefined ? values.accounts.map((one) => one.account) : [account];
  for (const one of accounts) {
    const { active, epoch } = await readLeaders(client, one);
    if (active === null) throw new CommandFailed(`${one}: no engine leads it`);
    if (active === to) {
      tell(`${one}: ${to} leads it already, epoch ${epoch}`);
      continue;
    }
    const args = { from: active, ...(to === undefined ? {} : { to }) };
    const answer = await makeWish(host, client, one, { what: 'switchover', reason: 'switchover', args });
    if (answer === undefined) {
      throw new CommandFailed(
        `${one}: no engine has answered within ${ANSWERED_WITHIN_MS / 1000} s; holdfast status shows who leads it`,
      );
    }
    const change = (await readLeaders(client, one)).leaders.find((row) => row.epoch === answer.epoch);
    const gone = change?.goneMs == null ? '' : `; no engine led it for ${change.goneMs} ms`;
    tell(`${one}: ${active} handed over to ${answer.by}, epoch ${epoch} → ${answer.epoch}${gone}`);
  }
}
