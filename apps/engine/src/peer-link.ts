/**
 * The link between engines (ARCHITECTURE section 6). Each engine dials every other one and keeps the link open. A process
 * that dies breaks its links at once, and where nobody listens any more a new dial is refused: then, and only then,
 * the peer is reported dead. A cut or frozen peer is neither: its beat in Redis decides.
 *
 * Lines: `PEER version=1 engine=<name> proof=<hmac>` from the dialler, `OK` in answer; then `RELEASED account=<name>
 * successor=<name>` from whoever hands an account over, `WANT account=<name>` from who is its first choice, and `PING` each second so that a broken path shows.
 */
import { decodeLine, encodeLine } from '@holdfast/bridge';
import { type Endpoint, type Host, type Link, type Listener, type Network, sleep } from '@holdfast/ha-core';

export type PeerLinkOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly engine: string;
  readonly listen: Endpoint;
  readonly peers: readonly { readonly engine: string; readonly endpoint: Endpoint }[];
  /** HMAC of a text with the cluster's secret, as hex. */
  readonly proof: (text: string) => string;
  readonly equal: (a: string, b: string) => boolean;
  readonly onDead: (engine: string) => void;
  readonly onReleased: (account: string, successor: string) => void;
  /** A peer asks for an account that this engine leads. */
  readonly onWant: (engine: string, account: string) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type PeerLinks = {
  /** Peers with an open link now. */
  readonly alive: () => string[];
  readonly sendReleased: (account: string, successor: string) => void;
  readonly sendWant: (engine: string, account: string) => void;
  readonly close: () => void;
};

const DIAL_DEADLINE_MS = 200;
const REDIAL_MS = 100;
const PING_MS = 1000;

/** Listens for peers and dials them. Rejects when the endpoint cannot be listened on. */
export async function createPeerLinks(options: PeerLinkOptions): Promise<PeerLinks> {
  const { host, network } = options;
  const open = new Map<string, Link>();
  const incoming = new Set<Link>();
  let closed = false;

  const listener: Listener = await network.listen(options.listen, (link) => {
    incoming.add(link);
    link.onClosed(() => incoming.delete(link));
    let known: string | undefined;
    link.onLine((line) => {
      const message = decodeLine(line);
      if (message.is !== 'line') return link.close();
      const { verb, fields } = message.line;
      if (verb === 'PEER' && known === undefined) {
        const engine = fields.engine ?? '';
        if (!options.equal(fields.proof ?? '', options.proof(`peer|${engine}|${options.engine}`))) {
          options.log('peer_refused', { remote: link.remote, reason: 'bad proof' });
          return link.close();
        }
        known = engine;
        link.send(encodeLine('OK', {}));
      } else if (known === undefined) link.close();
      else if (verb === 'RELEASED') options.onReleased(fields.account ?? '', fields.successor ?? '');
      else if (verb === 'WANT') options.onWant(known, fields.account ?? '');
    });
  });

  const keep = async (engine: string, endpoint: Endpoint): Promise<void> => {
    let wasOpen = false;
    while (!closed) {
      const dialled = await network.dial(endpoint, DIAL_DEADLINE_MS);
      if (dialled.is === 'open') {
        const { link } = dialled;
        wasOpen = true;
        link.send(
          encodeLine('PEER', {
            version: '1',
            engine: options.engine,
            proof: options.proof(`peer|${options.engine}|${engine}`),
          }),
        );
        open.set(engine, link);
        const stopPings = ping(host, link);
        const reason = await new Promise<string>((resolve) => link.onClosed(resolve));
        stopPings();
        open.delete(engine);
        if (!closed) options.log('peer_link_broken', { peer: engine, reason });
        continue;
      }
      if (dialled.why === 'refused' && wasOpen) {
        wasOpen = false;
        options.log('peer_dead', { peer: engine });
        options.onDead(engine);
      }
      await sleep(host, REDIAL_MS);
    }
  };
  for (const peer of options.peers) void keep(peer.engine, peer.endpoint);

  return {
    alive: () => [...open.keys()],
    sendReleased: (account, successor) => {
      for (const link of open.values()) link.send(encodeLine('RELEASED', { account, successor }));
    },
    sendWant: (engine, account) => void open.get(engine)?.send(encodeLine('WANT', { account })),
    close: () => {
      closed = true;
      listener.close();
      for (const link of [...open.values(), ...incoming]) link.close();
    },
  };
}

function ping(host: Host, link: Link): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    if (link.send(encodeLine('PING', {}))) cancel = host.after(PING_MS, again);
  };
  cancel = host.after(PING_MS, again);
  return () => cancel();
}
