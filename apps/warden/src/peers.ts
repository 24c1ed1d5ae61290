/**
 * The links between wardens. Each dials every other one and keeps the link; the one that listens answers questions.
 *
 * Lines: `NONCE value=…` from whoever listens, `WARDEN name=… proof=…` in answer (HMAC of both names and the nonce with the
 * cluster's secret), `OK`; then `ASK id=… primary=…` → `VOTE id=… granted=yes|no`, `HOLD rank=…` (give up being promotable,
 * says one that knows a primary of this rank), `CALM why=late` (the last alarm was false, or the machine of this warden's node
 * is late), `CALM why=pressed` (it is short of processors).
 * Nothing else is understood; anything unexpected closes the link.
 */
import { decodeLine, encodeLine } from '@holdfast/bridge';
import { type Endpoint, type Host, type Link, type Network, sleep, votesNeeded } from '@holdfast/ha-core';

export type Peer = { readonly name: string; readonly endpoint: Endpoint };

/** Whether a peer is there, and since when, on the monotonic clock. */
export type Presence = { readonly isHere: boolean; readonly sinceMs: number };

/** The last alarm was false or this machine is late now and then; or it is short of processors. */
export type CalmReason = 'late' | 'pressed';

export type PeersOptions = {
  readonly host: Host;
  readonly network: Network;
  readonly name: string;
  readonly listen: Endpoint;
  readonly peers: readonly Peer[];
  /** HMAC of a text with the cluster's secret, as hex. */
  readonly proof: (text: string) => string;
  readonly equal: (a: string, b: string) => boolean;
  readonly nonce: () => string;
  /** Another warden asks for this one's vote. */
  readonly onAsked: (candidate: string, primary: string) => boolean;
  /** Another warden asks that this node gives up being promotable. */
  readonly onHold: (by: string, rank: number) => void;
  /** A machine of the cluster is too busy to answer in time, another warden says. */
  readonly onCalm: (why: CalmReason) => void;
  /** The last link with a peer is gone, and `presence` says so by now. */
  readonly onLost: (peer: string) => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Peers = {
  /** Asks all for their vote; the names of those that granted it within the limit, as soon as they are enough. */
  readonly ask: (primary: string) => Promise<readonly string[]>;
  readonly hold: (peer: string, rank: number) => void;
  /** Tells all to be patient. */
  readonly calm: (why: CalmReason) => void;
  /** Peers that can be asked now. */
  readonly alive: () => readonly string[];
  /** Whether there is a link with a peer, either way, and since when that is so; undefined for one that is no peer. */
  readonly presence: (peer: string) => Presence | undefined;
  readonly close: () => void;
};

const DIAL_DEADLINE_MS = 200;
const REDIAL_MS = 200;
/** Short: a peer that is only late grants the same vote when it is asked again. */
const ASK_LIMIT_MS = 30;
const PING_MS = 1000;
/** A peer that has not proved itself in this time is cut. */
const PROOF_LIMIT_MS = 1000;

/** Listens and dials. Rejects when the endpoint cannot be listened on. */
export async function createPeers(options: PeersOptions): Promise<Peers> {
  const { host, network } = options;
  const open = new Map<string, Link>();
  const links = countLinks(options);
  const incoming = new Set<Link>();
  const asked = new Map<string, (granted: boolean) => void>();
  let closed = false;
  let serial = 0;

  const listener = await network.listen(options.listen, (link) => {
    incoming.add(link);
    link.onClosed(() => incoming.delete(link));
    serve(options, link, links.proved);
  });

  const keep = async (peer: Peer): Promise<void> => {
    while (!closed) {
      const dialled = await network.dial(peer.endpoint, DIAL_DEADLINE_MS);
      if (dialled.is === 'open') await converse(peer, dialled.link);
      if (!closed) await sleep(host, REDIAL_MS);
    }
  };

  /** Resolves when the link is gone. */
  const converse = (peer: Peer, link: Link): Promise<void> =>
    new Promise((resolve) => {
      let stopPings = (): void => undefined;
      link.onClosed((reason) => {
        stopPings();
        if (open.delete(peer.name) && !closed) options.log('peer_lost', { peer: peer.name, reason });
        resolve();
      });
      link.onLine((text) => {
        const message = decodeLine(text);
        if (message.is !== 'line') return link.close();
        const { verb, fields } = message.line;
        if (verb === 'NONCE') {
          const proof = options.proof(proofText(options.name, peer.name, fields['value'] ?? ''));
          link.send(encodeLine('WARDEN', { name: options.name, proof }));
        } else if (verb === 'OK') {
          open.set(peer.name, link);
          links.proved(peer.name, link);
          stopPings = ping(host, link);
          options.log('peer_found', { peer: peer.name });
        } else if (verb === 'VOTE') asked.get(fields['id'] ?? '')?.(fields['granted'] === 'yes');
        else link.close();
      });
    });
  for (const peer of options.peers) void keep(peer);

  const askOne = (name: string, link: Link, primary: string): Promise<string | undefined> =>
    new Promise((resolve) => {
      serial += 1;
      const id = `${name}:${serial}`;
      const settle = (granted: boolean): void => {
        cancel();
        asked.delete(id);
        resolve(granted ? name : undefined);
      };
      const cancel = host.after(ASK_LIMIT_MS, () => settle(false));
      asked.set(id, settle);
      if (!link.send(encodeLine('ASK', { id, primary }))) settle(false);
    });

  return {
    ask: (primary) =>
      new Promise((resolve, reject) => {
        const votes: string[] = [];
        const all = [...open].map(async ([name, link]) => {
          if ((await askOne(name, link, primary)) === undefined) return;
          votes.push(name);
          // Who is cut off with the primary must not hold up the others.
          if (votes.length + 1 >= votesNeeded(options.peers.length + 1)) resolve([...votes]);
        });
        Promise.all(all).then(() => resolve(votes), reject);
      }),
    hold: (peer, rank) => void open.get(peer)?.send(encodeLine('HOLD', { rank: String(rank) })),
    calm: (why) => {
      for (const link of open.values()) link.send(encodeLine('CALM', { why }));
    },
    alive: () => [...open.keys()],
    presence: links.presence,
    close: () => {
      closed = true;
      listener.close();
      for (const link of [...open.values(), ...incoming]) link.close();
    },
  };
}

const proofText = (dialler: string, listener: string, nonce: string): string =>
  `warden|${dialler}|${listener}|${nonce}`;

/** One that has just started has dialled before it is dialled: links of both ways count. */
function countLinks({ host, peers, onLost }: PeersOptions) {
  const present = new Map(
    peers.map(({ name }): [string, Presence] => [name, { isHere: false, sinceMs: host.monotonicMs() }]),
  );
  const links = new Map(peers.map(({ name }) => [name, new Set<Link>()]));
  const note = (peer: string, isHere: boolean): void => {
    if (present.get(peer)?.isHere === isHere) return;
    present.set(peer, { isHere, sinceMs: host.monotonicMs() });
    if (!isHere) onLost(peer);
  };
  return {
    presence: (peer: string): Presence | undefined => present.get(peer),
    /** The peer has proved itself on this link. */
    proved: (peer: string, link: Link): void => {
      const ofPeer = links.get(peer);
      ofPeer?.add(link);
      note(peer, true);
      link.onClosed(() => {
        ofPeer?.delete(link);
        note(peer, ofPeer !== undefined && ofPeer.size > 0);
      });
    },
  };
}

/** The listening end of one link. */
function serve(options: PeersOptions, link: Link, proved: (peer: string, link: Link) => void): void {
  const { host, log } = options;
  const nonce = options.nonce();
  const known = new Set(options.peers.map(({ name }) => name));
  let name: string | undefined;
  const cancel = host.after(PROOF_LIMIT_MS, () => {
    if (name === undefined) link.close();
  });
  link.onClosed(() => cancel());
  link.onLine((text) => {
    const message = decodeLine(text);
    if (message.is !== 'line') return link.close();
    const { verb, fields } = message.line;
    if (name === undefined) {
      const claimed = fields['name'] ?? '';
      const proof = options.proof(proofText(claimed, options.name, nonce));
      if (verb !== 'WARDEN' || !known.has(claimed) || !options.equal(fields['proof'] ?? '', proof)) {
        log('peer_refused', { remote: link.remote, reason: 'no proof of the cluster secret' });
        return link.close();
      }
      name = claimed;
      proved(name, link);
      link.send(encodeLine('OK', {}));
    } else if (verb === 'ASK') {
      const granted = options.onAsked(name, fields['primary'] ?? '') ? 'yes' : 'no';
      link.send(encodeLine('VOTE', { id: fields['id'], granted }));
    } else if (verb === 'HOLD') options.onHold(name, Number(fields['rank']));
    else if (verb === 'CALM') options.onCalm(fields['why'] === 'pressed' ? 'pressed' : 'late');
    else if (verb !== 'PING') link.close();
  });
  link.send(encodeLine('NONCE', { value: nonce }));
}

function ping(host: Host, link: Link): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    if (link.send(encodeLine('PING', {}))) cancel = host.after(PING_MS, again);
  };
  cancel = host.after(PING_MS, again);
  return () => cancel();
}
