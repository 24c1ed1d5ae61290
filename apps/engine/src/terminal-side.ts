/**
 * One account's terminals under one leadership: which of them trades, whether it can, and what it holds.
 *
 * The pure connection rule decides; this file carries it out. Taking a terminal into use is always the same sequence,
 * at start, at takeover and after every reconnect: fence it (I3), record the trading role in RIS, read its lists,
 * bring RTS in line, ask its journal about every open intent, and only then trade. A terminal that is not the trading
 * one is fenced too, without the role, and asked as well; one that does not answer is tried again while its session is
 * open. A terminal that held the role before is waited for: what it did must be known, or known to be unknown. A terminal
 * that is logged in at the broker as anybody else is closed: its orders, and its lists, are another account's.
 */
import type { BridgeSession, SessionEvent } from '@holdfast/bridge';
import {
  type BrokerLogin,
  type ConnectionEvent,
  type ConnectionState,
  firstConnectionState,
  type Host,
  LIMITS,
  type Profile,
  stepConnection,
  type SymbolRules,
  type TerminalRole,
} from '@holdfast/ha-core';
import type { TradeJournal } from '@holdfast/redis';
import type { Holdings } from './holdings.ts';

export type TerminalSideOptions = {
  readonly host: Host;
  readonly engine: string;
  readonly epoch: string;
  readonly numbers: Profile;
  readonly journal: TradeJournal;
  readonly holdings: Holdings;
  /** The terminal that held the trading role last, as RIS says; undefined when none did. */
  readonly tradedLast: string | undefined;
  /** What the account is at the broker; undefined for one that was never traded: the first terminal in use says it. */
  readonly login: BrokerLogin | undefined;
  /** The terminal may be traded through from now on: symbols and holdings are up to date. */
  readonly onReady: () => void;
  readonly onSuspend: () => void;
  /** After a fence: ask this terminal about the intents that name it. */
  readonly onFenced: (
    session: BridgeSession,
    fenced: { readonly journal: string; readonly boot: string },
  ) => Promise<void>;
  /** The terminal knows a higher epoch than ours. */
  readonly onOutranked: (epoch: string, holder: string) => void;
  readonly notify: (what: string, detail: Record<string, unknown>) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Trading = { readonly session: BridgeSession; readonly journal: string; readonly boot: string };

export type TerminalSide = {
  /** Sessions that proved themselves; those that were open before this leadership began come together. */
  readonly add: (sessions: readonly BridgeSession[]) => void;
  readonly event: (session: BridgeSession, event: SessionEvent) => void;
  /** The terminal to trade through now; undefined while there is none. */
  readonly trading: () => Trading | undefined;
  /** Any open session that can answer questions about the account, the trading one first. */
  readonly witness: () => BridgeSession | undefined;
  readonly session: (terminal: string) => BridgeSession | undefined;
  readonly symbols: () => ReadonlyMap<string, SymbolRules>;
  /** This terminal must not trade: for a while it counts as not connected. */
  readonly notTradable: (terminal: string) => void;
  readonly renewed: () => void;
  readonly connection: () => ConnectionState;
  readonly stop: () => void;
};

const REQUEST_DEADLINE_MS = 2000;
/** Status shows a terminal with a wrong login for a minute after it was told of last. */
const TELL_AGAIN_MS = 20_000;
/** How long a LEASE lasts at the bridge: longer than any takeover, short enough to stop a deaf terminal's entries. */
const BRIDGE_LEASE_MS = 5000;

/** Starts watching. */
export function createTerminalSide(options: TerminalSideOptions): TerminalSide {
  const { host, epoch, engine, numbers } = options;
  const sessions = new Map<string, BridgeSession>();
  const symbols = new Map<string, SymbolRules>();
  let state: ConnectionState = firstConnectionState(host.monotonicMs());
  const fencing = new Map<BridgeSession, Promise<void>>();
  const fencedAside = new WeakSet<BridgeSession>();
  let role = options.tradedLast;
  let account = options.login;
  /** When people were told last of a terminal with that login. */
  const toldWrong = new Map<string, number>();
  const leftAloneUntilMs = new Map<string, number>();
  let ready: Trading | undefined;
  let wasReady = false;
  let stopped = false;
  let cancelWatch = (): void => {};

  const ofRole = (role: TerminalRole): BridgeSession | undefined =>
    [...sessions.values()].find((session) => session.identity.role === role);
  const usable = (role: TerminalRole): boolean => {
    const session = ofRole(role);
    if (session?.state().broker !== true) return false;
    return host.monotonicMs() >= (leftAloneUntilMs.get(session.identity.terminal) ?? 0);
  };

  const post = (event: ConnectionEvent): void => {
    if (stopped) return;
    const before = state;
    const step = stepConnection(state, event, host.monotonicMs(), {
      retryMs: numbers.brokerRetryMs,
      attemptsToBackup: numbers.brokerAttemptsToBackup,
      attemptsToSuspend: numbers.brokerAttemptsToSuspend,
      backupAtOnce: numbers.brokerBackupAtOnce === 1,
    });
    state = step.state;
    if (
      before.is !== state.is ||
      (before.is === 'down' && state.is === 'down' && before.attempts !== state.attempts)
    ) {
      void options.journal.instance({ connection: { ...state, at: host.wallMs(), epoch } });
    }
    for (const effect of step.effects) {
      switch (effect.do) {
        case 'restore':
          void restore(effect.terminal);
          break;
        case 'stop_sending':
          ready = undefined;
          break;
        case 'suspend':
          options.onSuspend();
          break;
        case 'resume':
          options.onReady();
          break;
        case 'notify':
          options.notify(effect.what, { terminal: sessionNames(sessions) });
      }
    }
  };

  const watch = (): void =>
    post({ is: 'watch', usable: { primary: usable('primary'), backup: usable('backup') } });

  const watchAgain = (): void => {
    if (stopped) return;
    watch();
    fenceOthers();
    cancelWatch = host.after(numbers.brokerWatchMs, watchAgain);
  };

  const restore = async (role: TerminalRole): Promise<void> => {
    const session = ofRole(role);
    try {
      if (session === undefined) throw new Error(`no session of the ${role}`);
      const restored = await takeIntoUse(session);
      if (stopped || sessions.get(session.identity.terminal) !== session) return;
      ready = restored;
      wasReady = true;
      post({ is: 'restored' });
      describe(restored);
    } catch (error) {
      if (stopped) return;
      options.log('terminal_not_restored', {
        role,
        reason: error instanceof Error ? error.message : String(error),
      });
      post({ is: 'restore_failed' });
    }
  };

  const takeIntoUse = async (session: BridgeSession): Promise<Trading> => {
    const { terminal, login, server } = session.identity;
    fencedAside.delete(session);
    account ??= { login, server };
    for (const other of othersOf(session)) if (isOther(other)) closeOther(other);
    const others = Promise.all(othersOf(session).map((other) => fenceOnly(other)));
    const fenced = await session.fence(epoch, engine, true, REQUEST_DEADLINE_MS);
    if (fenced.is === 'refused') {
      options.onOutranked(fenced.epoch, fenced.holder);
      throw new Error(`${terminal} follows ${fenced.holder} in epoch ${fenced.epoch}`);
    }
    session.lease(epoch, engine, BRIDGE_LEASE_MS);
    const [recorded, rules] = await Promise.all([
      options.journal.instance({ role: { terminal, epoch, at: host.wallMs() }, login: account }),
      session.list('symbols', { deadlineMs: REQUEST_DEADLINE_MS }),
      options.holdings.refresh(session, false, wasReady ? 'reconnect' : 'takeover'),
      options.onFenced(session, fenced),
      role === terminal ? undefined : others,
    ]);
    if (recorded.is !== 'ok') throw new Error(`the trading role could not be recorded: ${recorded.is}`);
    role = terminal;
    symbols.clear();
    for (const rule of rules.rows) symbols.set(rule.symbol, rule);
    return { session, journal: fenced.journal, boot: fenced.boot };
  };

  /** What RIS tells of the terminal in use: for people, so it does not stand before the first signal. */
  const describe = ({ session: { identity } }: Trading): void => {
    void options.journal.instance({
      [`symbols:${identity.terminal}`]: [...symbols.values()],
      [`terminal:${identity.terminal}`]: { ...identity, epoch, at: host.wallMs() },
    });
  };

  const isOther = ({ identity: { login, server } }: BridgeSession): boolean =>
    account !== undefined && (account.login !== login || account.server !== server);

  const closeOther = (session: BridgeSession): void => {
    const { terminal, login, server } = session.identity;
    if (sessions.get(terminal) === session) sessions.delete(terminal);
    const name = `${terminal} ${login} ${server}`;
    const told = toldWrong.get(name);
    const nowMs = host.monotonicMs();
    if (told === undefined) options.notify('wrong_login', { terminal, login, server, expected: account });
    if (told === undefined || nowMs - told >= TELL_AGAIN_MS) {
      toldWrong.set(name, nowMs);
      const found = { login, server, expected: account, at: host.wallMs() };
      void options.journal.instance({ [`refused:${terminal}`]: found });
    }
    session.close('wrong_login');
  };

  const othersOf = (session: BridgeSession | undefined): BridgeSession[] =>
    [...sessions.values()].filter((other) => other !== session);

  /** Those that did not answer a fence yet. While a terminal is being taken into use, that sees to the others. */
  const fenceOthers = (): void => {
    if (state.is === 'restoring') return;
    for (const other of othersOf(ready?.session)) if (!fencedAside.has(other)) void fenceOnly(other);
  };

  /** Fences a terminal that does not trade, and asks it about what it may have done before. */
  const fenceOnly = (session: BridgeSession): Promise<void> => {
    const underWay = fencing.get(session) ?? fenceAside(session).finally(() => fencing.delete(session));
    fencing.set(session, underWay);
    return underWay;
  };

  const fenceAside = async (session: BridgeSession): Promise<void> => {
    try {
      const fenced = await session.fence(epoch, engine, false, REQUEST_DEADLINE_MS);
      if (fenced.is === 'refused') options.onOutranked(fenced.epoch, fenced.holder);
      else {
        await options.onFenced(session, fenced);
        fencedAside.add(session);
      }
    } catch (error) {
      options.log('terminal_not_fenced', { terminal: session.identity.terminal, reason: String(error) });
    }
  };

  /** Nobody answers for the terminal that is gone: what was in flight there is unknown, and looked up at this one. */
  const givenAway = async ({ session, journal, boot }: Trading): Promise<void> => {
    try {
      await options.onFenced(session, { journal, boot });
    } catch (error) {
      options.log('terminal_not_asked', { terminal: session.identity.terminal, reason: String(error) });
    }
  };

  watchAgain();
  return {
    add: (added) => {
      const takesOne = state.is === 'down';
      const own = added.filter((session) => !isOther(session));
      for (const session of added) if (isOther(session)) closeOther(session);
      for (const session of own) sessions.set(session.identity.terminal, session);
      watch();
      if (takesOne) return;
      for (const session of own)
        if (ready?.session.identity.terminal !== session.identity.terminal) void fenceOnly(session);
    },
    event: (session, event) => {
      const { terminal } = session.identity;
      if (event.is === 'closed' && sessions.get(terminal) === session) {
        sessions.delete(terminal);
        watch();
        if (ready !== undefined) void givenAway(ready);
      } else if (event.is === 'state') {
        const shownUp = state.is === 'up' && usable(state.terminal);
        if (!shownUp) watch();
      }
    },
    trading: () => ready,
    witness: () => ready?.session ?? [...sessions.values()].find((session) => session.state().broker),
    session: (terminal) => sessions.get(terminal),
    symbols: () => symbols,
    notTradable: (terminal) => {
      leftAloneUntilMs.set(terminal, host.monotonicMs() + LIMITS.notTradableMs);
      watch();
    },
    renewed: () => {
      for (const session of sessions.values()) session.lease(epoch, engine, BRIDGE_LEASE_MS);
    },
    connection: () => state,
    stop: () => {
      stopped = true;
      ready = undefined;
      cancelWatch();
    },
  };
}

const sessionNames = (sessions: ReadonlyMap<string, BridgeSession>): string[] => [...sessions.keys()];
