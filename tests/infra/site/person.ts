/** The person who says what became of orders that were on their way when a part was lost: nothing else can know. */
import type { Client } from '../../e2e/client.ts';
import { until } from '../../e2e/cluster.ts';
import { executedAfter } from '../../e2e/load.ts';

/** A person looks by then, later than anything that ends by itself. */
const PERSON_AFTER_MS = 15_000;

/**
 * From the wall time `at` to the account's first execution after it. An order that is on its way when the broker or the terminal
 * is lost may never arrive, and nobody can know: it stays unknown, and its symbol waits (I5) until a person has looked at the
 * broker. That person is here; then the time counts from what was said.
 */
export async function executedOrSaid(
  client: Client,
  account: string,
  at: number,
  after: number,
): Promise<number> {
  const first = (from: number) => executedAfter(client, account, from, after);
  try {
    return await until('an execution', at - Date.now() + PERSON_AFTER_MS, () => first(at), 20);
  } catch (error) {
    const said = await sayWhatBecameOf(client, account);
    if (said.length === 0) throw error;
    console.log(`on its way when it was lost, and said by a person: ${said.join(', ')}`);
    const from = Date.now();
    return until('an execution', PERSON_AFTER_MS, () => first(from), 20);
  }
}

/** Says of each unknown outcome of the account that it is not at the broker; returns them. */
async function sayWhatBecameOf(client: Client, account: string): Promise<readonly string[]> {
  type Accounts = { readonly accounts: readonly { account: string; unknownSignals: readonly string[] }[] };
  const { body } = await client.get<Accounts>('/v1/status');
  const unknown = body.accounts.find((row) => row.account === account)?.unknownSignals ?? [];
  for (const signal of unknown) {
    const args = { signal, outcome: 'rejected' };
    const wish = { id: `said-${signal}`, what: 'resolve', by: 'the test', reason: 'not at the broker', args };
    await client.post(`/v1/accounts/${account}/wishes`, JSON.stringify(wish));
    const path = `/v1/accounts/${account}/wishes/${wish.id}`;
    await until(`an answer about ${signal}`, 10_000, async () => {
      const shown = await client.get<{ answer?: unknown }>(path);
      return shown.body.answer;
    });
  }
  return unknown;
}
