/**
 * The engine: carries signals of its accounts to the broker, each account by one engine at a time.
 *
 * It holds what must be warm before a takeover (connections to Redis, sessions to every terminal, RTSS as it grows,
 * links to the other engines) and, per account, a leadership; while that is active, an active account.
 */
import { type BridgeSession, createBridgeListener } from '@holdfast/bridge';
import {
  backOffMs,
  type Host,
  LIMITS,
  type Network,
  type RedisNodes,
  sleep,
  type TakeoverCause,
} from '@holdfast/ha-core';
import {
  type AcceptedSignal,
  announceNode,
  createLeaseStore,
  createWishStore,
  followSignals,
  readLease,
} from '@holdfast/redis';
import { createActiveAccount } from './account.ts';
import { createArrivals } from './arrivals.ts';
import type { EngineAccount, EngineOptions } from './engine-options.ts';
import { type EngineView, viewOfEngine } from './engine-view.ts';
import { createHandOvers, type HandOverSeat } from './hand-over.ts';
import { createLeadership, type Leadership } from './leadership.ts';
import { beginLoading, type Loading } from './loading.ts';
import { createPeerLinks, type PeerLinks } from './peer-link.ts';
import { createRedisConnections } from './redis-connections.ts';
import { highestEpoch, type Seat } from './seat.ts';
import { tellingOf } from './telling.ts';
import { createWishDesk, type WishDesk } from './wish-desk.ts';

export type * from './engine-options.ts';

export type Engine = {
  readonly view: () => EngineView;
  /** Reads the first account as a takeover does, and forgets it: the way to Redis is warm then. Never rejects. */
  readonly warmUp: () => Promise<void>;
  /** SIGTERM: finishes what is in flight, hands every account over, leaves. */
  readonly leave: () => Promise<void>;
  /** Ends without handing over. */
  readonly stop: () => void;
};

const DRAIN_MS = 2000;

/** Starts an engine; rejects when one of its endpoints cannot be listened on. */
export async function createEngine(parts: {
  readonly host: Host;
  readonly network: Network;
  readonly redis: RedisNodes;
  readonly options: EngineOptions;
}): Promise<Engine> {
  const { host, network, redis, options } = parts;
  const { engine, numbers, log } = options;
  const { writer, reads, blocking } = createRedisConnections(host, redis, options);
  const store = createLeaseStore(writer, engine);
  const wishes = createWishStore({ writer, reader: engine });
  const seats = new Map<string, Seat>();
  let stopped = false;
  let leaving = false;

  const peers: PeerLinks = await createPeerLinks({
    ...parts.options,
    host,
    network,
    listen: options.peer,
    peers: options.engines.filter((other) => other.engine !== engine),
    onDead: (peer) => {
      for (const seat of seats.values()) seat.leadership.peerDead(peer);
    },
    onReleased: (account) => seats.get(account)?.leadership.look(),
    onWant: (peer, account) => handOvers.wanted(peer, account),
  });
  const handOvers = createHandOvers({
    host,
    engine,
    engines: options.engines.map((other) => other.engine),
    peers: () => peers,
    seats: () => [...seats.values()].map((seat) => seat.outside),
    stopped: () => stopped || leaving,
    log,
  });

  const seatOf = (account: EngineAccount, index: number): Seat => {
    const name = account.account;
    const preferred = options.engines[index % options.engines.length]?.engine ?? engine;
    const leads = (): string | undefined => {
      const state = seat.leadership.state();
      return state.is === 'active' && !stopped ? state.epoch : undefined;
    };
    const outside: HandOverSeat = {
      account: name,
      preferred,
      holder: () => seat.leadership.row()?.holder ?? '',
      leading: () => leads() !== undefined,
      active: () => seat.active,
      couldTrade: () => [...seat.sessions.values()].some((session) => session.state().broker),
      pause: () => seat.desk.pause(),
      activeSinceMs: () => seat.activeSinceMs,
      chosen: false,
      handOver: (to, why) => handOver(seat, preferred === engine, to, why),
    };
    const desk = createWishDesk({
      host,
      engine,
      account: name,
      store: wishes,
      leads,
      perform: (wish) => handOvers.perform(outside, wish),
      onPause: (pause) => {
        log(pause === '' ? 'pause_ended' : 'pause_begun', { account: name, wish: pause });
        if (pause === '') seat.active?.goOn();
      },
      log: (event, detail) => log(event, { account: name, ...detail }),
    });
    const seat: Seat = {
      account,
      sessions: new Map(),
      arrivals: createArrivals(host),
      active: undefined,
      loading: undefined,
      epoch: '0',
      activeSinceMs: 0,
      successor: '',
      handingOver: false,
      desk,
      outside,
      leadership: leadershipOf(name, preferred === engine, desk),
    };
    return seat;
  };

  const leadershipOf = (name: string, preferred: boolean, desk: WishDesk): Leadership =>
    createLeadership({
      host,
      engine,
      account: name,
      preferred,
      beatMs: numbers.engineBeatMs,
      leaseMs: numbers.engineLeaseMs,
      selfStopMs: numbers.engineSelfStopMs,
      store,
      read: () => readLease(reads, name),
      terminalEpoch: () => highestEpoch(seats.get(name)),
      successor: () => seats.get(name)?.successor || (peers.alive()[0] ?? ''),
      onAsked: (asked) => desk.seen(asked),
      onTaking: (epoch) => {
        const seat = seats.get(name);
        if (seat !== undefined) load(seat, epoch);
      },
      onActivate: (epoch, cause) => void activate(name, epoch, cause),
      onPause: () => {
        log('paused', { account: name, reason: 'the lease could not be renewed' });
        seats.get(name)?.active?.pause();
      },
      onResume: () => {
        log('resumed', { account: name });
        seats.get(name)?.active?.resume();
      },
      onRenewed: () => seats.get(name)?.active?.renewed(),
      onDeactivate: (why) => deactivate(name, why),
      onReleased: (successor) => {
        log('released', { account: name, successor });
        peers.sendReleased(name, successor);
      },
    });

  /** Finishes what is in flight, releases the lease to `to`, and watches again; false when it leads no more. */
  const handOver = async (seat: Seat, preferred: boolean, to: string, why: string): Promise<boolean> => {
    if (seat.active === undefined || seat.handingOver || leaving) return false;
    seat.handingOver = true;
    seat.successor = to;
    await seat.leadership.leave(why);
    seat.leadership.stop();
    seat.successor = '';
    seat.handingOver = false;
    if (!leaving && !stopped) seat.leadership = leadershipOf(seat.account.account, preferred, seat.desk);
    return true;
  };

  const load = (seat: Seat, epoch: string): Loading => {
    const { account } = seat.account;
    seat.loading = beginLoading(writer, seat.arrivals, account, { holder: engine, epoch });
    return seat.loading;
  };

  const activate = async (name: string, epoch: string, cause: TakeoverCause): Promise<void> => {
    const seat = seats.get(name);
    if (seat === undefined) return;
    seat.epoch = epoch;
    seat.activeSinceMs = host.monotonicMs();
    seat.outside.chosen = false;
    log('active', { account: name, epoch, cause });
    options.onTakeover?.(name, cause);
    const mine = (): boolean => {
      const state = seat.leadership.state();
      return !stopped && state.is === 'active' && state.epoch === epoch;
    };
    for (let attempt = 0; mine(); attempt += 1) {
      const { journal, loaded } = seat.loading?.epoch === epoch ? seat.loading : load(seat, epoch);
      seat.loading = undefined;
      const found = await loaded;
      if (!mine()) return;
      if (found === undefined) {
        await sleep(host, backOffMs(attempt, 10, 200, host.random()));
        continue;
      }
      const active = createActiveAccount({
        host,
        account: name,
        margin: seat.account.margin,
        login: seat.account.login,
        engine,
        epoch,
        numbers,
        journal,
        snapshot: found.snapshot,
        firstSeenMs: seat.arrivals.firstSeenMs,
        held: () => seat.desk.pause() !== '',
        onDeposed: (by) => {
          log('deposed', { account: name, epoch, by });
          seat.active = undefined;
          seat.leadership.deposed();
        },
        ...tellingOf(options, name),
      });
      seat.active = active;
      active.take(found.arrived);
      active.addSessions([...seat.sessions.values()]);
      return;
    }
  };

  const deactivate = async (name: string, why: 'stale' | 'left'): Promise<void> => {
    const seat = seats.get(name);
    const active = seat?.active;
    if (seat === undefined || active === undefined) return;
    if (why === 'left') await active.drain(DRAIN_MS);
    active.stop();
    seat.active = undefined;
    log('inactive', { account: name, epoch: seat.epoch, why });
  };

  const onSession = (session: BridgeSession): void => {
    const seat = seats.get(session.identity.account);
    if (seat === undefined || stopped) return session.close('unknown_account');
    const { terminal } = session.identity;
    seat.sessions.set(terminal, session);
    log('session', { account: seat.account.account, terminal, role: session.identity.role });
    session.onEvent((event) => {
      if (event.is === 'closed' && seat.sessions.get(terminal) === session) seat.sessions.delete(terminal);
      if (event.is === 'closed')
        log('session_closed', { account: seat.account.account, terminal, reason: event.reason });
      seat.active?.sessionEvent(session, event);
    });
    seat.active?.addSessions([session]);
  };

  const onSignals = (account: string, signals: readonly AcceptedSignal[]): void => {
    const seat = seats.get(account);
    if (seat === undefined) return;
    seat.arrivals.see(signals);
    seat.active?.take(signals);
  };

  for (const [index, account] of options.accounts.entries())
    seats.set(account.account, seatOf(account, index));
  const listener = await createBridgeListener({
    host,
    network,
    endpoint: options.bridge,
    engine,
    secretOf: (account) => seats.get(account)?.account.bridgeSecret,
    onSession,
    nonce: options.nonce,
    silenceMs: LIMITS.terminalSilenceMs,
    blockedMs: LIMITS.terminalBlockedMs,
    log,
  });
  const stopFollowing = followSignals({
    host,
    connection: blocking,
    accounts: options.accounts.map((account) => account.account),
    onSignals,
    log,
  });

  const view = (): EngineView => viewOfEngine(writer.view(), peers.alive(), seats.values());

  const stopAnnouncing = announceNode({
    host,
    connection: reads,
    name: engine,
    row: () => {
      const now = view();
      const active = now.accounts.flatMap((seat) => (seat.role === 'active' ? [seat.account] : []));
      return {
        kind: 'engine',
        role: active.length > 0 ? 'active' : 'standby',
        ...options.announce,
        detail: { active, peers: now.peers, sessions: now.accounts.flatMap((seat) => seat.sessions) },
      };
    },
    log,
  });

  const stop = (): void => {
    stopped = true;
    for (const seat of seats.values()) {
      seat.leadership.stop();
      seat.active?.stop();
    }
    stopFollowing();
    stopAnnouncing();
    listener.close();
    peers.close();
    reads.stop();
    void writer.stop();
  };

  return {
    view,
    warmUp: async () => {
      const [account = ''] = seats.keys();
      await beginLoading(writer, createArrivals(host), account, { holder: engine, epoch: '0' }).loaded;
    },
    leave: async () => {
      leaving = true;
      await Promise.all([...seats.values()].map((seat) => seat.leadership.leave('stopping')));
      stop();
    },
    stop,
  };
}
