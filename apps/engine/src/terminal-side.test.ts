/** Which terminals are fenced, asked and waited for when one of them is taken into use (I3, I5). */
import type { BridgeSession, FenceOutcome, Listing } from '@holdfast/bridge';
import { profile, type TerminalRole } from '@holdfast/ha-core';
import type { JournalOutcome, TradeJournal } from '@holdfast/redis';
import { expect, it } from 'vitest';
import type { Holdings } from './holdings.ts';
import { createTerminalSide, type TerminalSide } from './terminal-side.ts';

type Terminal = {
  readonly session: BridgeSession;
  /** Why the engine closed it. */
  closed: string | undefined;
  /** What it was fenced with: true with the role. */
  readonly fences: boolean[];
  /** While true a fence is not answered, and ends when the test says so. */
  deaf: boolean;
  readonly giveUp: () => void;
  /** It reaches the broker. */
  broker: boolean;
};

const NOW_MS = 0;
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const OWN = { login: '5001', server: 'Demo' };

function terminal(name: string, role: TerminalRole, login = OWN.login): Terminal {
  const fences: boolean[] = [];
  const waiting: ((error: Error) => void)[] = [];
  const fence = (epoch: string, holder: string, trade: boolean): Promise<FenceOutcome> => {
    fences.push(trade);
    if (!own.deaf) return Promise.resolve({ is: 'fenced', epoch, holder, journal: `j-${name}`, boot: 'b' });
    return new Promise((_, reject) => waiting.push(reject));
  };
  const session = {
    identity: { terminal: name, role, account: 'a', journal: `j-${name}`, boot: 'b', ...OWN, login },
    state: () => ({ broker: own.broker, busy: false, epoch: '0', holder: '', trade: false }),
    fence,
    lease: () => undefined,
    list: () => Promise.resolve({ rows: [], synced: true, broker: true } satisfies Listing<never>),
    close: (reason: string) => {
      own.closed = reason;
    },
  } as unknown as BridgeSession;
  const own: Terminal = {
    session,
    closed: undefined,
    fences,
    deaf: false,
    broker: true,
    giveUp: () => {
      for (const reject of waiting.splice(0)) reject(new Error('not within its deadline'));
    },
  };
  return own;
}

type Stage = {
  readonly side: TerminalSide;
  /** Terminals whose journal was asked about open intents, in order. */
  readonly asked: string[];
  readonly recorded: Record<string, unknown>[];
  /** What people were told of. */
  readonly told: Record<string, unknown>[];
  readonly watch: () => void;
};

function stage(tradedLast: string | undefined, login?: typeof OWN): Stage {
  const asked: string[] = [];
  const recorded: Record<string, unknown>[] = [];
  const told: Record<string, unknown>[] = [];
  let later: (() => void)[] = [];
  const side = createTerminalSide({
    host: {
      monotonicMs: () => NOW_MS,
      wallMs: () => NOW_MS,
      after: (_, run) => {
        later.push(run);
        return () => {
          later = later.filter((one) => one !== run);
        };
      },
      random: () => 0,
    },
    engine: 'engine-1',
    epoch: '7',
    numbers: profile('fast'),
    journal: {
      instance: (fields: Record<string, unknown>): Promise<JournalOutcome> => {
        recorded.push(fields);
        return Promise.resolve({ is: 'ok' });
      },
    } as unknown as TradeJournal,
    holdings: { refresh: () => Promise.resolve() } as unknown as Holdings,
    tradedLast,
    login,
    onReady: () => undefined,
    onSuspend: () => undefined,
    onFenced: (session) => {
      asked.push(session.identity.terminal);
      return Promise.resolve();
    },
    onOutranked: () => undefined,
    notify: (what, detail) => void told.push({ what, ...detail }),
    log: () => undefined,
  });
  return {
    side,
    asked,
    recorded,
    told,
    watch: () => {
      for (const run of later.splice(0)) run();
    },
  };
}

it('fences a terminal again that did not answer, until it has', async () => {
  const { side, asked, watch } = stage('t-1');
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup')];
  other.deaf = true;
  side.add([first.session]);
  await settle();
  side.add([other.session]);
  await settle();
  watch();
  expect(other.fences).toEqual([false]);
  other.giveUp();
  await settle();
  other.deaf = false;
  watch();
  await settle();
  watch();
  await settle();
  expect(other.fences).toEqual([false, false]);
  expect(asked).toEqual(['t-1', 't-2']);
});

it('does not wait for another terminal when it stays at the one that had the role', async () => {
  const { side } = stage('t-1');
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup')];
  other.deaf = true;
  side.add([other.session, first.session]);
  await settle();
  expect(side.trading()?.session).toBe(first.session);
});

it('waits for the terminal that had the role when another one gets it', async () => {
  const { side } = stage('t-2');
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup')];
  other.deaf = true;
  side.add([first.session, other.session]);
  await settle();
  expect(other.fences).toEqual([false]);
  expect(side.trading()).toBeUndefined();
  other.giveUp();
  await settle();
  expect(side.trading()?.session).toBe(first.session);
});

it('asks about what was in flight at a terminal that is gone, so that it becomes unknown', async () => {
  const { side, asked } = stage('t-1');
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup')];
  side.add([first.session]);
  side.add([other.session]);
  await settle();
  asked.length = 0;
  side.event(other.session, { is: 'closed', reason: 'silent' });
  await settle();
  expect(asked).toEqual(['t-1']);
});

it('fences and asks a terminal that does not reach the broker: what it did before is known sooner', async () => {
  const { side, asked, watch } = stage('t-1');
  const first = terminal('t-1', 'primary');
  first.broker = false;
  side.add([first.session]);
  watch();
  await settle();
  expect([first.fences, asked]).toEqual([[false], ['t-1']]);
  first.broker = true;
  watch();
  await settle();
  expect(first.fences).toEqual([false, true]);
  expect(side.trading()?.session).toBe(first.session);
});

it('records who has the role before it may trade, and the rest behind', async () => {
  const { side, recorded } = stage(undefined);
  const first = terminal('t-1', 'primary');
  side.add([first.session]);
  await settle();
  expect(recorded.map((fields) => Object.keys(fields))).toContainEqual(['role', 'login']);
  expect(recorded.at(-1)).toMatchObject({
    'symbols:t-1': [],
    'terminal:t-1': { terminal: 't-1', epoch: '7' },
  });
});

it('closes a terminal that is logged in as anybody else, before it is fenced or read, and tells it once', async () => {
  const { side, told, recorded } = stage('t-1', OWN);
  const elsewhere = terminal('t-1', 'primary', '9001');
  side.add([elsewhere.session]);
  side.add([elsewhere.session]);
  await settle();
  expect([elsewhere.closed, elsewhere.fences, side.trading()]).toEqual(['wrong_login', [], undefined]);
  expect(told).toEqual([
    { what: 'wrong_login', terminal: 't-1', login: '9001', server: 'Demo', expected: OWN },
  ]);
  expect(recorded.filter((fields) => 'refused:t-1' in fields)).toMatchObject([
    { 'refused:t-1': { login: '9001', server: 'Demo', expected: OWN } },
  ]);
});

it('takes the login of the terminal that it uses first, records it, and closes the other that differs', async () => {
  const { side, recorded } = stage(undefined);
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup', '9001')];
  side.add([first.session, other.session]);
  await settle();
  expect(recorded).toContainEqual(expect.objectContaining({ login: OWN }));
  expect([other.closed, other.fences, side.session('t-2')]).toEqual(['wrong_login', [], undefined]);
  expect(side.trading()?.session).toBe(first.session);
});

it('leaves a terminal alone that must not trade, and takes the backup', async () => {
  const { side } = stage('t-1');
  const [first, other] = [terminal('t-1', 'primary'), terminal('t-2', 'backup')];
  side.add([first.session, other.session]);
  await settle();
  expect(side.trading()?.session).toBe(first.session);
  side.notTradable('t-1');
  expect(side.trading()).toBeUndefined();
  await settle();
  expect([side.trading()?.session === other.session, first.fences.at(-1)]).toEqual([true, false]);
});
