/**
 * The bridge as an engine sees it (docs/bridge-protocol.md): one suite on the simulated terminal and on the terminal's own
 * process, so that what the simulation finds out about crashes and epochs is true of what runs.
 */
import type { SessionEvent } from '@holdfast/bridge';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ACCOUNT, type BridgeSide, simulatedSide } from './bridge-side.ts';
import { realSide } from './terminal-process.ts';

const SIDES = [
  ['simulated', simulatedSide],
  ['real process, TCP', realSide],
] as const;
const DEADLINE_MS = 3000;

describe.each(SIDES)('bridge, %s', (_, create) => {
  /** A terminal with a session, connected to the broker. */
  const open = async (engineSecret?: string): Promise<BridgeSide> => {
    const side = await create(engineSecret);
    onTestFinished(() => side.end());
    return side;
  };
  const connected = async (side: BridgeSide): Promise<BridgeSide> => {
    await side.until(() => side.hasSession() && side.session().state().broker);
    return side;
  };
  const fence = (side: BridgeSide, epoch: string, holder: string) =>
    side.drive(side.session().fence(epoch, holder, true, DEADLINE_MS));
  const ask = (side: BridgeSide, id: string) => side.drive(side.session().ask(id, DEADLINE_MS));
  const send = (side: BridgeSide, commandId: string, epoch: string, holder: string, lifeMs = 5000): void => {
    const command = { do: 'deal', symbol: 'EURUSD', side: 'buy', volume: '0.1' } as const;
    side.session().send({ commandId, epoch, holder, lifeMs, magic: '77', comment: 'hf', command });
  };
  /** What was told of commands: `id retcode`, `id retcode replay`, `id reason`. */
  const told = ({ events }: BridgeSide): string[] =>
    events.flatMap((event: SessionEvent) => {
      if (event.is === 'refused') return [`${event.refusal.commandId} ${event.refusal.reason}`];
      if (event.is !== 'result') return [];
      return [`${event.result.commandId} ${event.result.retcode}${event.replay ? ' replay' : ''}`];
    });
  const deals = ({ broker }: BridgeSide): number => broker.ledger().deals.length;

  test('it proves itself and says who it is; one that cannot be proven gets no session', async () => {
    const side = await connected(await open());
    expect(side.session().identity).toMatchObject({
      account: ACCOUNT,
      terminal: 'terminal-1',
      role: 'primary',
      margin: 'hedging',
    });
    expect(side.session().state()).toMatchObject({ epoch: '0', trade: false });
    const stranger = await open('another secret');
    await stranger.until(() => stranger.refused.length > 0);
    expect([stranger.refused[0], stranger.hasSession()]).toEqual(['bad_proof', false]);
  });

  test('a fenced terminal carries out what is sent, tells it once, and lists it', async () => {
    const side = await connected(await open());
    expect(await fence(side, '1', 'engine-1')).toMatchObject({ is: 'fenced' });
    expect(await ask(side, 's1/1')).toMatchObject({ state: 'never' });
    side.session().lease('1', 'engine-1', 60_000);
    send(side, 's1/1', '1', 'engine-1');
    await side.until(() => told(side).length > 0);
    send(side, 's1/1', '1', 'engine-1');
    await side.until(() => told(side).length > 1);
    expect(told(side)).toEqual(['s1/1 10009', 's1/1 10009 replay']);
    expect(await ask(side, 's1/1')).toMatchObject({ state: 'result', result: { retcode: 10009 } });
    const listed = await side.drive(side.session().list('deals', { magic: '77', deadlineMs: DEADLINE_MS }));
    expect(listed).toMatchObject({ synced: true, broker: true, rows: [{ symbol: 'EURUSD', volume: '0.1' }] });
    await side.until(() => side.events.some((event) => event.is === 'changed' && event.what === 'deal'));
    expect(deals(side)).toBe(1);
  });

  test('a lower epoch is refused, as a fence and as a command; so is the same epoch of another holder', async () => {
    const side = await connected(await open());
    await fence(side, '2', 'engine-2');
    expect(await fence(side, '1', 'engine-1')).toEqual({ is: 'refused', epoch: '2', holder: 'engine-2' });
    expect(await fence(side, '2', 'engine-1')).toEqual({ is: 'refused', epoch: '2', holder: 'engine-2' });
    side.session().lease('2', 'engine-2', 60_000);
    send(side, 's1/1', '1', 'engine-1');
    send(side, 's2/1', '2', 'engine-1');
    await side.until(() => told(side).length === 2);
    expect(told(side)).toEqual(['s1/1 stale_epoch', 's2/1 stale_epoch']);
    expect(deals(side)).toBe(0);
  });

  test('what has no life left is refused', async () => {
    const side = await connected(await open());
    await fence(side, '1', 'engine-1');
    side.session().lease('1', 'engine-1', 60_000);
    send(side, 's1/1', '1', 'engine-1', -1000);
    await side.until(() => told(side).length === 1);
    expect([told(side), deals(side)]).toEqual([['s1/1 expired'], 0]);
  });

  test('epoch, results and journal outlive the terminal; a lease does not', async () => {
    const side = await connected(await open());
    await fence(side, '3', 'engine-1');
    side.session().lease('3', 'engine-1', 60_000);
    send(side, 's1/1', '3', 'engine-1');
    await side.until(() => told(side).length === 1);
    const { journal } = side.session().identity;
    await side.kill();
    await side.until(() => !side.hasSession());
    side.start();
    await connected(side);
    expect(side.session().identity.journal).toBe(journal);
    expect(side.session().state()).toMatchObject({ epoch: '3', holder: 'engine-1', trade: true });
    send(side, 's2/1', '3', 'engine-1');
    await side.until(() => told(side).length === 2);
    expect(await ask(side, 's1/1')).toMatchObject({ state: 'result', journal });
    expect([told(side)[1], deals(side)]).toEqual(['s2/1 no_lease', 1]);
  });

  test.each([
    ['before_intent', 'never', 0],
    ['after_intent', 'intent', 0],
    ['after_send', 'result', 1],
    ['after_result', 'result', 1],
  ] as const)('dead %s: the journal says %s, and the broker has %i deals', async (point, state, count) => {
    const side = await connected(await open());
    await fence(side, '1', 'engine-1');
    side.session().lease('1', 'engine-1', 60_000);
    side.broker.addFault({ kind: 'crash', terminal: 'terminal-1', point });
    // The terminal is told of the fault before the command comes.
    await side.drive(side.session().list('deals', { deadlineMs: DEADLINE_MS }));
    send(side, 's1/1', '1', 'engine-1');
    await side.until(() => side.isDead() && !side.hasSession());
    expect(told(side)).toEqual([]);
    side.start();
    await connected(side);
    let said = '';
    // What the broker did is looked for after the start: until then it is an intent.
    for (let asked = 0; asked < 20 && said !== state; asked += 1) said = (await ask(side, 's1/1')).state;
    expect([said, deals(side)]).toEqual([state, count]);
    await fence(side, '2', 'engine-2');
    side.session().lease('2', 'engine-2', 60_000);
    send(side, 's1/1', '2', 'engine-2');
    // Only what certainly never began may be carried out under the same command.
    if (state !== 'intent') await side.until(() => told(side).length > 0);
    // Lines are taken in order: by now that command was looked at.
    await ask(side, 's1/1');
    expect(deals(side)).toBe(state === 'never' ? 1 : count);
  });

  test('a frozen terminal is silent and loses its session; when it goes on it calls again', async () => {
    const side = await connected(await open());
    side.freeze();
    await side.until(() => !side.hasSession());
    expect(side.events.at(-1)).toMatchObject({ is: 'closed', reason: 'silent' });
    side.resume();
    await connected(side);
    expect(await fence(side, '1', 'engine-1')).toMatchObject({ is: 'fenced' });
  });
});
