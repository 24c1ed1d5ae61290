/** Faults of terminals and of the broker: the menu of tools/mt5-sim, and what happens to a terminal's process and disk. */
import { later, pick } from '../redis/fault.ts';
import type { FaultStage } from './engine-faults.ts';
import { ACCOUNT } from './system.ts';
import type { Heal } from './faults.ts';

export const BROKER_FAULTS = [
  'terminal crash',
  'terminal freeze',
  'terminal links down',
  'terminal loses its disk',
  'crash at a point',
  'broker down',
  'drop reply',
  'drop request',
  'delay',
  'requote',
  'refuse',
  'error',
  'done without deal',
  'partial fill',
  'comment changed',
  'events lost',
  'lists lag',
  'unsynced',
  'market closed',
  'manual close',
  'manual open',
  'ticket changed',
  'deal taken back',
  'events late',
  'broker clock step',
  'terminal logged in elsewhere',
] as const;

export type BrokerFault = (typeof BROKER_FAULTS)[number];

/** Codes that say nothing about the outcome, and with which the broker answers or the terminal gives up. */
const NO_ANSWER = [10012, 10031] as const;
const NO_CERTAINTY = [10011, 10028] as const;
/** Codes of a certain NO: final ones, and ones that may be tried again. */
const CERTAIN_NO = [10006, 10017, 10019, 10020, 10021, 10023, 10024, 10026, 10027, 10029, 10039] as const;
const POINTS = ['before_intent', 'after_intent', 'after_send', 'after_result'] as const;

const nothing = (): void => undefined;

/** Strikes; the returned function heals it. */
export function strikeBroker(kind: BrokerFault, { system, random, note }: FaultStage): Heal {
  const { broker } = system;
  const terminal = pick(random, system.names.terminals);
  const times = 1 + Math.floor(random() * 2);
  const some = (mostMs: number): number => Math.floor(random() * mostMs);
  const add = (fault: Parameters<typeof broker.addFault>[0], detail = ''): Heal => {
    note(`${terminal} ${detail}`.trim());
    broker.addFault(fault);
    return nothing;
  };
  switch (kind) {
    case 'terminal crash':
      note(terminal);
      system.crash(terminal);
      return () => system.restart(terminal);
    case 'terminal freeze':
      note(terminal);
      system.process(terminal).freeze();
      return () => system.process(terminal).resume();
    case 'terminal links down':
      return add({ kind: 'links_down', terminal, forMs: 200 + some(2000) });
    case 'terminal loses its disk': {
      const point = pick(random, POINTS);
      system.loseDisk(terminal);
      add({ kind: 'crash', terminal, point }, `${point}, and starts with an empty disk`);
      return async () => {
        const died = system.process(terminal);
        for (let waitedMs = 0; died.state() !== 'dead' && waitedMs < 2000; waitedMs += 20)
          await later(system.world, 20);
        if (died.state() === 'dead') return;
        system.crash(terminal);
        await system.restart(terminal);
      };
    }
    case 'crash at a point': {
      const point = pick(random, POINTS);
      return add({ kind: 'crash', terminal, point }, point);
    }
    case 'broker down':
      return add({ kind: 'broker_down', terminal, forMs: 200 + some(2000), syncMs: some(500) });
    case 'drop reply': {
      // Mostly soon; now and then so late that whoever gives up by time alone has done so.
      const executeAfterMs = random() < 0.7 ? some(800) : some(8000);
      const retcode = pick(random, NO_ANSWER);
      return add(
        { kind: 'drop_reply', terminal, times, retcode, executeAfterMs },
        `carried out after ${executeAfterMs} ms`,
      );
    }
    case 'drop request':
      return add({ kind: 'drop_request', terminal, times, retcode: pick(random, NO_ANSWER) });
    case 'delay':
      return add({ kind: 'delay', terminal, times, delayMs: some(4000) });
    case 'requote':
      return add({ kind: 'requote', terminal, times: times + 1 });
    case 'refuse':
      return add({ kind: 'refuse', terminal, times: times + 1, retcode: pick(random, CERTAIN_NO) });
    case 'error':
      return add({ kind: 'refuse', terminal, times: 1, retcode: pick(random, NO_CERTAINTY) });
    case 'done without deal':
      return add({ kind: 'done_without_deal', terminal, times });
    case 'partial fill':
      return add({ kind: 'partial_fill', terminal, times });
    case 'comment changed':
      return add({ kind: 'comment_changed', terminal, times, comment: 'the broker has its own' });
    case 'events lost':
      return add({ kind: 'events_lost', times: times * 4 });
    case 'lists lag':
      return add({ kind: 'lists_lag', terminal, lagMs: some(1500), forMs: 1500 });
    case 'unsynced':
      return add({ kind: 'unsynced', terminal, forMs: 200 + some(3000) });
    case 'market closed':
      return add({ kind: 'market_closed', forMs: 200 + some(2000) });
    case 'manual close': {
      const held = broker.ledger().positions[0];
      if (held === undefined) return nothing;
      const { account, position } = held;
      return add({ kind: 'manual_close', account, position }, position);
    }
    case 'ticket changed':
      note('of every position, again and again');
      return changeTickets(system);
    case 'manual open': {
      const side = random() < 0.5 ? 'buy' : 'sell';
      return add({ kind: 'manual_open', account: ACCOUNT, symbol: 'EURUSD', side }, side);
    }
    case 'deal taken back': {
      const deal = broker.ledger().deals.at(-1);
      if (deal === undefined) return nothing;
      return add({ kind: 'deal_cancelled', account: ACCOUNT, deal: deal.deal }, deal.deal);
    }
    case 'events late':
      return add({ kind: 'events_late', times: times * 4, delayMs: 1 + some(3000) });
    case 'broker clock step': {
      const stepMs = (random() < 0.7 ? -1 : 1) * 3_600_000;
      return add({ kind: 'clock_step', stepMs }, `${stepMs} ms`);
    }
    case 'terminal logged in elsewhere':
      return add({ kind: 'relogin', terminal, login: '9001', forMs: 200 + some(3000) });
  }
}

/** So often that a request on its way to the broker names a ticket that is not there any more. */
const TICKETS_EVERY_MS = 15;

function changeTickets({ broker, world }: FaultStage['system']): Heal {
  let healed = false;
  const change = (): void => {
    if (healed) return;
    for (const { account, position } of broker.ledger().positions)
      broker.addFault({ kind: 'ticket_changed', account, position });
    world.after(TICKETS_EVERY_MS, change);
  };
  change();
  return () => {
    healed = true;
  };
}
