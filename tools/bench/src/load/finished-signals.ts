/**
 * Puts finished signals into Redis, as many as an account has after months, by the functions that the product calls: what
 * a takeover must not become slower by.
 */
import type { Endpoint } from '@holdfast/ha-core';
import { realHost } from '@holdfast/process';
import { accountKeys, createAcknowledgedWriter, createRedisNodes, type FunctionCall } from '@holdfast/redis';

const AT_ONCE = 512;
const WRITE_WITHIN_MS = 10_000;
const FILLER = 'filler';

/** Accepts and finishes `count` signals of an account that no engine leads yet. Throws when Redis refuses one. */
export async function fillFinished(
  nodes: readonly Endpoint[],
  account: string,
  count: number,
): Promise<void> {
  if (count === 0) return;
  const writer = createAcknowledgedWriter({
    host: realHost,
    redis: createRedisNodes(),
    nodes,
    log: () => undefined,
  });
  const keys = accountKeys(account);
  const call = async (
    name: string,
    ofKeys: readonly string[],
    args: readonly string[],
  ): Promise<string[]> => {
    const made: FunctionCall = { name, keys: ofKeys, args };
    const outcome = await writer.writeUntil(made, WRITE_WITHIN_MS);
    if (outcome.is !== 'acknowledged') throw new Error(`${name}: ${outcome.detail}`);
    return (outcome.reply as readonly unknown[]).map(String);
  };
  const finishOne = async (index: number): Promise<void> => {
    const magic = String(1_000_000_000 + index);
    const id = `past-${index}`;
    const signal = keys.signal(magic);
    const body = JSON.stringify({ id, action: 'open', symbol: 'EURUSD', side: 'buy', volume: '0.10' });
    const accepted = [keys.rtss, keys.account];
    const [, , entry = ''] = await call(
      'hf_accept',
      [signal, ...accepted],
      [id, id, body, magic, '60000', FILLER],
    );
    const result = JSON.stringify({
      kind: 'result',
      signalId: id,
      outcome: 'rejected',
      reason: 'past',
      magic,
    });
    await call(
      'hf_finish',
      [keys.lease, signal, keys.rtss, keys.rtrs, keys.account, keys.intents, keys.recorded],
      [FILLER, '1', 'rejected', result, entry, '0', '0', '0'],
    );
  };
  await call('hf_take', [keys.lease], [FILLER, '', '0', '0', '1', 'first']);
  let begun = 0;
  const keep = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await finishOne(begun);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, keep));
  await call('hf_release', [keys.lease], [FILLER, '1', '', 'stopping']);
  await writer.stop();
}
