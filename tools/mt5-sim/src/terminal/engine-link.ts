/**
 * One engine as the terminal sees it: dialled again and again with a back-off, proven both ways, then a session. The
 * back-off starts over only after a session has held for a while.
 */
import {
  type BridgeMessage,
  bridgeProof,
  type EngineMessage,
  engineProof,
  PROTOCOL_VERSION,
  parseEngineLine,
  printBridgeMessage,
  proofsEqual,
} from '@holdfast/bridge';
import { backOffMs, type Endpoint, type Host, type Link, type Network } from '@holdfast/ha-core';
import type { Task } from './thread.ts';

export type EngineSession = {
  readonly engine: string;
  readonly isOpen: () => boolean;
  readonly send: (message: BridgeMessage) => void;
};

export type HelloFacts = Omit<
  Extract<BridgeMessage, { verb: 'HELLO' }>,
  'verb' | 'version' | 'nonce' | 'proof'
>;

export type EngineLinkOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly engine: { readonly name: string; readonly endpoint: Endpoint };
  readonly secret: string;
  readonly nonce: () => string;
  readonly hello: () => HelloFacts;
  readonly post: (task: Task) => boolean;
  readonly onOpen: (session: EngineSession) => void;
  readonly onMessage: (session: EngineSession, message: EngineMessage) => void | Promise<void>;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type EngineLink = {
  readonly session: () => EngineSession | undefined;
  /** The link breaks, and none is made for that time. */
  readonly down: (forMs: number) => void;
  /** Ends it; with a BYE when `reason` is given. */
  readonly close: (reason: string | undefined) => void;
};

const FIRST_BACK_OFF_MS = 250;
const MOST_BACK_OFF_MS = 2000;
const DIAL_DEADLINE_MS = 1000;
const OPENING_MS = 2000;
/** A session that held this long was a good one. */
const HELD_MS = 5000;
/** An engine says something every second; one that is silent for so long is given up. */
const SILENCE_MS = 5000;

type Opening =
  | { readonly at: 'challenge' }
  | { readonly at: 'welcome'; readonly proof: string }
  | { readonly at: 'open' };

/** Dials at once, and from then on whenever there is no link. */
export function keepEngineLink(options: EngineLinkOptions): EngineLink {
  const { host, network, engine, log } = options;
  let current: UsedLink | undefined;
  let isClosed = false;
  let attempt = 0;
  let downUntilMs = Number.NEGATIVE_INFINITY;
  let cancelDial = (): void => {};

  const dialLater = (delayMs: number): void => {
    if (isClosed) return;
    cancelDial();
    cancelDial = host.after(Math.max(delayMs, downUntilMs - host.monotonicMs()), () => void dial());
  };
  const retry = (): void => {
    dialLater(backOffMs(attempt, FIRST_BACK_OFF_MS, MOST_BACK_OFF_MS, host.random()));
    attempt += 1;
  };
  const dial = async (): Promise<void> => {
    const outcome = await network.dial(engine.endpoint, DIAL_DEADLINE_MS);
    if (outcome.is === 'failed') {
      if (attempt === 0) log('engine_not_reached', { engine: engine.name, why: outcome.why });
      retry();
    } else if (isClosed || host.monotonicMs() < downUntilMs) {
      outcome.link.close();
      retry();
    } else {
      current = useLink(options, outcome.link, (heldMs, reason) => {
        current = undefined;
        log('engine_link_closed', { engine: engine.name, reason });
        if (heldMs >= HELD_MS) attempt = 0;
        retry();
      });
    }
  };
  dialLater(0);
  return {
    session: () => (current?.session.isOpen() === true ? current.session : undefined),
    down: (forMs) => {
      downUntilMs = host.monotonicMs() + forMs;
      attempt = 0;
      current?.hangUp();
      dialLater(forMs);
    },
    close: (reason) => {
      isClosed = true;
      cancelDial();
      if (reason !== undefined && current?.session.isOpen() === true)
        current.session.send({ verb: 'BYE', reason });
      current?.hangUp();
    },
  };
}

type UsedLink = {
  readonly session: EngineSession;
  /** Closes the link; what it has brought and nobody has read is not read any more. */
  readonly hangUp: () => void;
};

/** The life of one link, from CHALLENGE to its end. */
function useLink(
  options: EngineLinkOptions,
  link: Link,
  onEnd: (heldMs: number, reason: string) => void,
): UsedLink {
  const { host, engine, log } = options;
  let opening: Opening = { at: 'challenge' };
  let isOver = false;
  let isDeaf = false;
  let openedMs = Number.POSITIVE_INFINITY;
  let heardMs = host.monotonicMs();
  const send = (message: BridgeMessage): void => {
    if (!isOver) link.send(printBridgeMessage(message));
  };
  const session: EngineSession = {
    engine: engine.name,
    isOpen: () => !isOver && opening.at === 'open',
    send,
  };
  const bye = (reason: string, detail: Record<string, unknown> = {}): void => {
    log('engine_link_refused', { engine: engine.name, reason, ...detail });
    send({ verb: 'BYE', reason });
    link.close();
  };
  let cancelWatch = (): void => {};
  const watch = (): void => {
    const limitMs = opening.at === 'open' ? SILENCE_MS : OPENING_MS;
    const restMs = heardMs + limitMs - host.monotonicMs();
    if (restMs <= 0) bye('silent');
    else cancelWatch = host.after(restMs, watch);
  };
  watch();
  link.onClosed((reason) => {
    if (isOver) return;
    isOver = true;
    cancelWatch();
    onEnd(Math.max(0, host.monotonicMs() - openedMs), reason);
  });
  const take = (line: string): void | Promise<void> => {
    if (isOver || isDeaf) return undefined;
    const parsed = parseEngineLine(line);
    if (parsed.is === 'bad') return bye('bad_line', { why: parsed.why });
    const { message } = parsed;
    if (message.verb === 'BYE') {
      log('engine_said_bye', { engine: engine.name, reason: message.reason });
      link.close();
      return undefined;
    }
    if (opening.at === 'open') return options.onMessage(session, message);
    const next = openingStep(options, opening, message, send);
    if (typeof next === 'string') return bye(next);
    opening = next;
    if (opening.at !== 'open') return undefined;
    openedMs = host.monotonicMs();
    log('engine_session', { engine: engine.name });
    options.onOpen(session);
    return undefined;
  };
  link.onLine((line) => {
    heardMs = host.monotonicMs();
    if (!options.post(() => take(line))) bye('overrun');
  });
  return {
    session,
    hangUp: () => {
      isDeaf = true;
      link.close();
    },
  };
}

/** The next step of an opening, or the reason of the BYE. */
function openingStep(
  options: EngineLinkOptions,
  opening: Opening,
  message: EngineMessage,
  send: (message: BridgeMessage) => void,
): Opening | string {
  if (opening.at === 'challenge' && message.verb === 'CHALLENGE') {
    if (message.version !== PROTOCOL_VERSION) return 'version';
    const facts = options.hello();
    const { account, terminal, journal, boot } = facts;
    const bridgeNonce = options.nonce();
    const all = { account, terminal, journal, boot, engineNonce: message.nonce, bridgeNonce };
    const proof = bridgeProof(options.secret, all);
    send({ verb: 'HELLO', version: PROTOCOL_VERSION, ...facts, nonce: bridgeNonce, proof });
    return { at: 'welcome', proof: engineProof(options.secret, all) };
  }
  if (opening.at === 'welcome' && message.verb === 'WELCOME') {
    return proofsEqual(message.proof, opening.proof) ? { at: 'open' } : 'bad_proof';
  }
  return 'bad_line';
}
