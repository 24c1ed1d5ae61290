/**
 * A session after WELCOME, as the engine holds it: requests with their deadlines, events, and the watch for silence.
 * It decides nothing about orders; what it cannot know (an answer that never came) it says as SessionLost.
 */
import type { Host, Link } from '@holdfast/ha-core';
import { type BridgeMessage, type EngineMessage, parseBridgeLine, printEngineMessage } from './messages.ts';
import { parseRow } from './rows.ts';
import {
  type BridgeSession,
  type FenceOutcome,
  type JournalAnswer,
  type Listing,
  type ListOptions,
  type Rows,
  type SessionEvent,
  SessionLost,
  type TerminalIdentity,
  type TerminalState,
  type TradeResult,
} from './session.ts';

/** Events kept for a receiver that has not come yet; beyond it the session closes. */
const EVENTS_MAX = 4096;
/** Rows of one LIST. */
const ROWS_MAX = 500_000;
/** Requests that wait for their answers. */
const REQUESTS_MAX = 1024;
const PING_EVERY_MS = 1000;
/** A second look before a session is called silent: this process may itself have been stopped. */
const SECOND_LOOK_MS = 50;

export type OpenSessionOptions = {
  readonly host: Host;
  readonly link: Link;
  readonly identity: TerminalIdentity;
  readonly state: Omit<TerminalState, 'heardAtMs' | 'busy'>;
  readonly tick: number;
  readonly silenceMs: number;
  readonly blockedMs: number;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type OpenSession = BridgeSession & {
  /** A line from the bridge. */
  readonly receive: (line: string) => void;
  /** The link closed. */
  readonly closed: (reason: string) => void;
};

type Request = {
  readonly row: (fields: Readonly<Record<string, string>>) => string | undefined;
  readonly answer: (message: BridgeMessage) => boolean;
  readonly fail: (why: string) => void;
};

/** The session on a link whose bridge has proven itself. */
export function createOpenSession(options: OpenSessionOptions): OpenSession {
  const { host, link, identity, silenceMs, blockedMs, log } = options;
  let state: TerminalState = { ...options.state, busy: false, heardAtMs: host.monotonicMs() };
  /** Bridge tick and own time of the last line that told one: a lower bound of the bridge's tick at any later time. */
  let clock = { tick: options.tick, atMs: host.monotonicMs() };
  let sequence = 0;
  let closedFor: string | undefined;
  let receiver: ((event: SessionEvent) => void) | undefined;
  const kept: SessionEvent[] = [];
  const requests = new Map<number, Request>();
  const unanswered = new Set<string>();

  const emit = (event: SessionEvent): void => {
    if (receiver !== undefined) receiver(event);
    else if (kept.push(event) > EVENTS_MAX && event.is !== 'closed') close('overrun');
  };
  const put = (message: EngineMessage): boolean =>
    closedFor === undefined && link.send(printEngineMessage(message));
  const closed = (reason: string): void => {
    if (closedFor !== undefined) return;
    closedFor = reason;
    cancelWatch();
    cancelPing();
    for (const request of requests.values()) request.fail(`the session closed: ${reason}`);
    requests.clear();
    emit({ is: 'closed', reason });
  };
  const close = (reason: string): void => {
    if (closedFor !== undefined) return;
    put({ verb: 'BYE', reason });
    closed(reason);
    link.close();
  };
  const badLine = (why: string): void => {
    log('bridge_bad_line', { terminal: identity.terminal, account: identity.account, why });
    close('bad_line');
  };

  let cancelWatch = (): void => {};
  const watch = (graceMs: number): void => {
    const limitMs = unanswered.size > 0 || state.busy ? blockedMs : silenceMs;
    const restMs = state.heardAtMs + limitMs + graceMs - host.monotonicMs();
    if (restMs > 0) cancelWatch = host.after(restMs, () => watch(graceMs === 0 ? 0 : graceMs));
    else if (graceMs === 0) cancelWatch = host.after(SECOND_LOOK_MS, () => watch(SECOND_LOOK_MS));
    else close('silent');
  };
  let cancelPing = (): void => {};
  const ping = (): void => {
    put({ verb: 'PING', t: Math.floor(host.monotonicMs()) });
    cancelPing = host.after(PING_EVERY_MS, ping);
  };

  /** A request with its deadline; `take` returns the outcome, or undefined when the message answers something else. */
  const ask = <T>(
    deadlineMs: number,
    message: (seq: number) => EngineMessage,
    take: (answer: BridgeMessage) => T | undefined,
    row: Request['row'] = () => 'no rows were asked for',
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      sequence += 1;
      const seq = sequence;
      if (requests.size >= REQUESTS_MAX) {
        reject(new SessionLost(`${REQUESTS_MAX} requests wait for ${identity.terminal} already`));
        return;
      }
      const fail = (why: string): void => {
        cancel();
        requests.delete(seq);
        reject(new SessionLost(`${identity.terminal}: ${why}`));
      };
      const cancel = host.after(deadlineMs, () => fail(`no answer within ${deadlineMs} ms`));
      requests.set(seq, {
        row,
        fail,
        answer: (answer) => {
          const outcome = take(answer);
          if (outcome === undefined) return false;
          cancel();
          requests.delete(seq);
          resolve(outcome);
          return true;
        },
      });
      if (!put(message(seq)))
        fail(`not sent, the session is closed: ${closedFor ?? 'its send queue is full'}`);
    });

  const take = (message: BridgeMessage): void => {
    switch (message.verb) {
      case 'STATE': {
        const { broker, busy, epoch, holder, trade } = message;
        clock = { tick: message.tick, atMs: host.monotonicMs() };
        state = { broker, busy, epoch, holder, trade, heardAtMs: host.monotonicMs() };
        emit({ is: 'state', state });
        return;
      }
      case 'PONG':
        clock = { tick: message.tick, atMs: host.monotonicMs() };
        return;
      case 'RESULT': {
        const { verb: _verb, replay, ...result } = message;
        unanswered.delete(result.commandId);
        emit({ is: 'result', result, replay });
        return;
      }
      case 'REFUSED':
        refused(message);
        return;
      case 'FENCED':
        state = { ...state, epoch: message.epoch, holder: message.holder, trade: message.trade };
        requests.get(message.seq)?.answer(message);
        return;
      case 'ANSWER':
      case 'END':
        requests.get(message.seq)?.answer(message);
        return;
      case 'ROW': {
        const wrong = requests.get(message.seq)?.row(message.row);
        if (wrong !== undefined) badLine(`ROW: ${wrong}`);
        return;
      }
      case 'EVENT':
        changed(message);
        return;
      case 'BYE':
        closed(message.reason);
        link.close();
        return;
      case 'HELLO':
        badLine('HELLO in an open session');
    }
  };
  const changed = ({ what, row }: Extract<BridgeMessage, { verb: 'EVENT' }>): void => {
    if (what !== 'deal' || row['cancelled'] !== '1') return emit({ is: 'changed', what });
    const parsed = parseRow('deals', row);
    if (parsed.is === 'bad') badLine(`EVENT: ${parsed.why}`);
    else emit({ is: 'changed', what, cancelled: parsed.row });
  };
  const refused = (message: Extract<BridgeMessage, { verb: 'REFUSED' }>): void => {
    const { commandId, reason, epoch, holder } = message;
    state = { ...state, epoch, holder };
    if (commandId === undefined) {
      requests.get(message.seq)?.answer(message);
      return;
    }
    unanswered.delete(commandId);
    emit({ is: 'refused', refusal: { commandId, reason, epoch, holder } });
  };

  watch(0);
  cancelPing = host.after(PING_EVERY_MS, ping);
  return {
    identity,
    state: () => state,
    onEvent: (receive) => {
      receiver = receive;
      for (const event of kept.splice(0)) receive(event);
    },
    send: ({ lifeMs, ...command }) => {
      sequence += 1;
      // I7: the bridge's tick is at least this, so the life that it grants is never longer than what is left.
      const until = Math.floor(clock.tick + (host.monotonicMs() - clock.atMs) + lifeMs);
      const sent = put({ verb: 'SEND', seq: sequence, until: Math.max(0, until), ...command });
      if (sent) unanswered.add(command.commandId);
      return sent;
    },
    lease: (epoch, holder, forMs) => void put({ verb: 'LEASE', epoch, holder, forMs: Math.floor(forMs) }),
    fence: (epoch, holder, trade, deadlineMs) =>
      ask(deadlineMs, (seq) => ({ verb: 'FENCE', seq, epoch, holder, trade }), takeFence),
    ask: (commandId, deadlineMs) => ask(deadlineMs, (seq) => ({ verb: 'ASK', seq, commandId }), takeAnswer),
    list: <What extends keyof Rows>(
      what: What,
      { since, magic, cancelled, deadlineMs }: ListOptions,
    ): Promise<Listing<Rows[What]>> => {
      const rows: Rows[What][] = [];
      return ask(
        deadlineMs,
        (seq) => ({
          verb: 'LIST',
          seq,
          what,
          ...(since === undefined ? {} : { since: Math.max(0, Math.floor(since)) }),
          ...(magic === undefined ? {} : { magic }),
          ...(cancelled === undefined ? {} : { cancelled }),
        }),
        (end) => {
          if (end.verb !== 'END') return undefined;
          if (end.count === rows.length) {
            const { synced, broker, time } = end;
            return { rows, synced, broker, ...(time === undefined ? {} : { time }) };
          }
          badLine(`END says ${end.count} rows, ${rows.length} came`);
          return undefined;
        },
        (fields) => {
          const parsed = parseRow(what, fields);
          if (parsed.is === 'bad') return parsed.why;
          return rows.push(parsed.row) > ROWS_MAX ? `more than ${ROWS_MAX} rows` : undefined;
        },
      );
    },
    close,
    closed,
    receive: (line) => {
      if (closedFor !== undefined) return;
      state = { ...state, heardAtMs: host.monotonicMs() };
      const parsed = parseBridgeLine(line);
      if (parsed.is === 'bad') badLine(parsed.why);
      else take(parsed.message);
    },
  };
}

function takeFence(message: BridgeMessage): FenceOutcome | undefined {
  if (message.verb === 'FENCED') return { is: 'fenced', journal: message.journal, boot: message.boot };
  if (message.verb === 'REFUSED') return { is: 'refused', epoch: message.epoch, holder: message.holder };
  return undefined;
}

function takeAnswer(message: BridgeMessage): JournalAnswer | undefined {
  if (message.verb !== 'ANSWER') return undefined;
  const { state, journal, boot, commandId } = message;
  if (state === 'refused') return { state, reason: message.reason ?? '', journal, boot };
  if (state !== 'result') return { state, journal, boot };
  const result: TradeResult = {
    commandId,
    retcode: message.retcode ?? 0,
    order: message.order ?? '0',
    deal: message.deal ?? '0',
    position: message.position ?? '0',
    volume: message.volume ?? '0',
    price: message.price ?? '0',
    text: message.text ?? '',
    at: message.at ?? 0,
  };
  return { state, result, journal, boot };
}
