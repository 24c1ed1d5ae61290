/**
 * A takeover and one signal of an account that nobody has, through the engine's own code, against a Redis and a terminal
 * that answer from memory. A standby's first takeover would otherwise be the first run of everything that it needs, and
 * compiling that takes longer than the takeover (docs/leadership.md). Nothing of it leaves the process.
 */
import {
  type BridgeMessage,
  createOpenSession,
  type EngineMessage,
  type OpenSession,
  parseEngineLine,
  printBridgeMessage,
} from '@holdfast/bridge';
import { type Host, NO_LEASE, type Profile, type RedisReply } from '@holdfast/ha-core';
import {
  type AcceptedSignal,
  type AcknowledgedWriter,
  createLeaseStore,
  type FunctionCall,
} from '@holdfast/redis';
import { createActiveAccount } from './account.ts';
import type { ActiveAccount } from './active-account.ts';
import { createArrivals } from './arrivals.ts';
import { createLeadership } from './leadership.ts';
import { beginLoading, type Loading } from './loading.ts';

export type RehearsalOptions = {
  readonly host: Host;
  readonly engine: string;
  readonly numbers: Profile;
};

const ACCOUNT = 'rehearsal';
const TERMINAL = 'rehearsal-terminal';
const GONE = 'gone';
const SYMBOL = 'EURUSD';
const WITHIN_MS = 2000;

/** Plays it once; resolves to the outcome of the signal, or to undefined when that did not come in time. Never rejects. */
export function rehearse({ host, engine, numbers }: RehearsalOptions): Promise<string | undefined> {
  const writer = redisFromMemory(host);
  const arrivals = createArrivals(host);
  const session = terminalFromMemory(host);
  let loading: Loading | undefined;
  let active: ActiveAccount | undefined;

  return new Promise((resolve) => {
    const end = (outcome: string | undefined): void => {
      cancel();
      active?.stop();
      leadership.stop();
      session.closed('the rehearsal is over');
      resolve(outcome);
    };
    const cancel = host.after(WITHIN_MS, () => end(undefined));
    const activate = async (epoch: string): Promise<void> => {
      const found = await loading?.loaded;
      if (loading === undefined || found === undefined) return;
      active = createActiveAccount({
        host,
        account: ACCOUNT,
        margin: 'hedging',
        engine,
        epoch,
        numbers,
        journal: loading.journal,
        snapshot: found.snapshot,
        firstSeenMs: arrivals.firstSeenMs,
        held: () => false,
        onDeposed: () => end(undefined),
        notify: () => undefined,
        onReconciled: () => undefined,
        onResult: end,
        log: () => undefined,
      });
      session.onEvent((event) => active?.sessionEvent(session, event));
      const signal = madeUpSignal(host);
      arrivals.see([signal]);
      active.take([signal]);
      active.addSessions([session]);
    };
    const leadership = createLeadership({
      host,
      engine,
      account: ACCOUNT,
      preferred: false,
      beatMs: numbers.engineBeatMs,
      leaseMs: numbers.engineLeaseMs,
      selfStopMs: numbers.engineSelfStopMs,
      store: createLeaseStore(writer, engine),
      read: () => Promise.resolve({ ...NO_LEASE, holder: GONE, epoch: '1' }),
      terminalEpoch: () => '1',
      successor: () => '',
      onAsked: () => undefined,
      onTaking: (epoch) => {
        loading = beginLoading(writer, arrivals, ACCOUNT, { holder: engine, epoch });
      },
      onActivate: (epoch) => void activate(epoch),
      onPause: () => undefined,
      onResume: () => undefined,
      onRenewed: () => active?.renewed(),
      onDeactivate: () => Promise.resolve(),
      onReleased: () => undefined,
    });
    // Once it has read who leads.
    host.after(0, () => leadership.peerDead(GONE));
  });
}

function madeUpSignal(host: Host): AcceptedSignal {
  const id = 'rehearsal-1';
  const body = JSON.stringify({ id, action: 'open', symbol: SYMBOL, side: 'buy', volume: '0.01' });
  return { entry: '1-0', id, magic: '1', body, acceptedAt: host.wallMs(), ttlMs: WITHIN_MS };
}

/** Takes every write, and holds no more of the account than one that is new. */
function redisFromMemory(host: Host): AcknowledgedWriter {
  const write = ({ name, args }: FunctionCall): Promise<{ is: 'acknowledged'; reply: RedisReply }> =>
    Promise.resolve({
      is: 'acknowledged',
      reply: name === 'hf_take' ? ['ok', args[4] ?? '2', '', ''] : ['ok', '1'],
    });
  return {
    write,
    writeUntil: write,
    onPrimary: () => () => undefined,
    read: (commands) =>
      Promise.resolve({
        is: 'acknowledged',
        replies: commands.map(([word]) => (word === 'HMGET' ? [null, null] : word === 'HGET' ? null : [])),
      }),
    view: () => ({
      primary: undefined,
      inSync: [],
      record: undefined,
      level: 'none',
      waiting: 0,
      lastAcknowledgedAtMs: host.monotonicMs(),
    }),
    stop: () => Promise.resolve(),
  };
}

/** A session whose terminal does at once what it is told. */
function terminalFromMemory(host: Host): OpenSession {
  const known = { journal: 'memory', boot: 'memory' };
  const session: OpenSession = createOpenSession({
    host,
    link: {
      remote: 'memory',
      send: (line) => {
        const parsed = parseEngineLine(line);
        if (parsed.is === 'message')
          host.after(0, () => {
            for (const answer of answersOf(parsed.message, known, host))
              session.receive(printBridgeMessage(answer));
          });
        return true;
      },
      onLine: () => undefined,
      onClosed: () => undefined,
      close: () => undefined,
    },
    identity: {
      account: ACCOUNT,
      terminal: TERMINAL,
      role: 'primary',
      margin: 'hedging',
      login: '1',
      server: 'memory',
      ...known,
    },
    state: { broker: true, epoch: '1', holder: GONE, trade: false },
    tick: 0,
    silenceMs: WITHIN_MS,
    blockedMs: WITHIN_MS,
    log: () => undefined,
  });
  return session;
}

function answersOf(
  message: EngineMessage,
  known: { readonly journal: string; readonly boot: string },
  host: Host,
): BridgeMessage[] {
  switch (message.verb) {
    case 'FENCE': {
      const { seq, epoch, holder, trade } = message;
      return [{ verb: 'FENCED', seq, epoch, holder, trade, ...known }];
    }
    case 'LIST': {
      const { seq, what } = message;
      const rows: BridgeMessage[] = what === 'symbols' ? [{ verb: 'ROW', seq, row: SYMBOL_ROW }] : [];
      return [...rows, { verb: 'END', seq, count: rows.length, synced: true, broker: true }];
    }
    case 'SEND': {
      const { commandId } = message;
      const tickets = { order: '1', deal: '1', position: '1' };
      const done = { retcode: 10_009, volume: '0.01', price: '1.1', text: '', at: host.wallMs() };
      return [{ verb: 'RESULT', commandId, ...tickets, ...done, replay: false }];
    }
    default:
      return [];
  }
}

const SYMBOL_ROW = {
  symbol: SYMBOL,
  digits: '5',
  volume_min: '0.01',
  volume_max: '100',
  volume_step: '0.01',
  stops_level: '0',
  trade_mode: 'full',
};
