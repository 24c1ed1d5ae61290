/**
 * Where bridges call: an engine listens, each bridge proves itself and becomes a session. One session a terminal:
 * a newer one closes the older, because the terminal itself gave that one up.
 */
import type { Host, Link } from '@holdfast/ha-core';
import { type BridgeMessage, PROTOCOL_VERSION, parseBridgeLine, printEngineMessage } from './messages.ts';
import { createOpenSession, type OpenSession } from './open-session.ts';
import { bridgeProof, engineProof, proofsEqual } from './proof.ts';
import type { BridgeListenerOptions, BridgeSession } from './session.ts';

/** From dial to WELCOME. */
const OPENING_MS = 2000;
/** Callers that have not proven themselves yet; more are turned away, so that they cannot use up the engine. */
const OPENINGS_MAX = 64;

export type BridgeListener = {
  readonly port: number;
  /** The sessions that are open now. */
  readonly sessions: () => BridgeSession[];
  /** Closes every session (`shutdown`) and stops listening. */
  readonly close: () => void;
};

type Hello = Extract<BridgeMessage, { verb: 'HELLO' }>;

/**
 * Listens for bridges. Rejects when the endpoint cannot be bound. Sessions whose proof is wrong, whose account is
 * not ours or that are too slow are closed with a BYE that says why; the secret is never logged.
 */
export async function createBridgeListener(options: BridgeListenerOptions): Promise<BridgeListener> {
  const { host, network, endpoint, log } = options;
  const open = new Map<string, OpenSession>();
  const openings = new Set<() => void>();

  const admit = (link: Link, hello: Hello): OpenSession => {
    const { account, terminal, role, margin, login, server, journal, boot, epoch, holder, trade } = hello;
    const key = `${account}\n${terminal}`;
    open.get(key)?.close('replaced');
    const session = createOpenSession({
      host,
      link,
      identity: { account, terminal, role, margin, login, server, journal, boot },
      state: { broker: hello.broker, epoch, holder, trade },
      tick: hello.tick,
      silenceMs: options.silenceMs,
      blockedMs: options.blockedMs,
      log,
    });
    open.set(key, session);
    link.onClosed(() => {
      if (open.get(key) === session) open.delete(key);
    });
    return session;
  };

  const listener = await network.listen(endpoint, (link) => {
    if (openings.size >= OPENINGS_MAX) {
      log('bridge_turned_away', { remote: link.remote, why: `${OPENINGS_MAX} callers are being checked` });
      link.close();
      return;
    }
    openSession(options, link, openings, (hello) => admit(link, hello));
  });
  return {
    port: listener.port,
    sessions: () => [...open.values()],
    close: () => {
      listener.close();
      for (const end of openings) end();
      for (const session of open.values()) session.close('shutdown');
    },
  };
}

/** The opening of one link: CHALLENGE, HELLO, then WELCOME and a session, or BYE with the reason. */
function openSession(
  options: BridgeListenerOptions,
  link: Link,
  openings: Set<() => void>,
  admit: (hello: Hello) => OpenSession,
): void {
  const { log, onSession } = options;
  const nonce = options.nonce();
  let session: OpenSession | undefined;
  const refuse = (reason: string, detail: Record<string, unknown> = {}): void => {
    log('bridge_refused', { remote: link.remote, reason, ...detail });
    link.send(printEngineMessage({ verb: 'BYE', reason }));
    over();
    link.close();
  };
  const shutdown = (): void => refuse('shutdown');
  const cancel = deadline(options.host, () => refuse('silent'));
  const over = (): void => {
    cancel();
    openings.delete(shutdown);
  };
  openings.add(shutdown);
  link.onClosed((reason) => {
    over();
    session?.closed(reason);
  });
  link.onLine((line) => {
    if (session !== undefined) {
      session.receive(line);
      return;
    }
    const checked = checkHello(options, nonce, line);
    if (checked.is === 'refused') {
      refuse(checked.reason, checked.detail);
      return;
    }
    over();
    session = admit(checked.hello);
    link.send(printEngineMessage({ verb: 'WELCOME', proof: checked.proof }));
    log('bridge_session', {
      account: checked.hello.account,
      terminal: checked.hello.terminal,
      remote: link.remote,
    });
    onSession(session);
  });
  link.send(
    printEngineMessage({ verb: 'CHALLENGE', version: PROTOCOL_VERSION, engine: options.engine, nonce }),
  );
}

const deadline = (host: Host, run: () => void): (() => void) => host.after(OPENING_MS, run);

type CheckedHello =
  | { readonly is: 'proven'; readonly hello: Hello; readonly proof: string }
  | { readonly is: 'refused'; readonly reason: string; readonly detail: Record<string, unknown> };

function checkHello(options: BridgeListenerOptions, engineNonce: string, line: string): CheckedHello {
  const refused = (reason: string, detail: Record<string, unknown>): CheckedHello => ({
    is: 'refused',
    reason,
    detail,
  });
  const parsed = parseBridgeLine(line);
  if (parsed.is === 'bad') return refused('bad_line', { why: parsed.why });
  const hello = parsed.message;
  if (hello.verb === 'BYE') return refused(hello.reason, { by: 'bridge' });
  if (hello.verb !== 'HELLO') return refused('bad_line', { why: `expected HELLO, not ${hello.verb}` });
  const { account, terminal, journal, boot } = hello;
  if (hello.version !== PROTOCOL_VERSION) return refused('version', { version: hello.version });
  const secret = options.secretOf(account);
  if (secret === undefined) return refused('unknown_account', { account, terminal });
  const opening = { account, terminal, journal, boot, engineNonce, bridgeNonce: hello.nonce };
  if (!proofsEqual(hello.proof, bridgeProof(secret, opening)))
    return refused('bad_proof', { account, terminal });
  return { is: 'proven', hello, proof: engineProof(secret, opening) };
}
