/**
 * The two connections of one Sentinel to one instance: for commands, and (to a Redis node) for the hellos of the other
 * Sentinels. As in the real one a connection that is being opened counts as connected, and a lost one is tried again
 * after the ping period; an attempt into a cut network goes on, as TCP sends its first packet again and again.
 */
import type { Command, RedisReply } from '@holdfast/ha-core';
import type { ClientAnswer } from '../redis/clients.ts';
import type { ClientRequest } from '../redis/server-state.ts';
import type { VirtualProcess } from '../world/virtual-process.ts';
import type { Wire, WireEnd } from '../world/wire.ts';

export type InstanceLink = {
  disconnected: boolean;
  triedAtMs: number;
  /** When the present connections were begun. */
  commandsSinceMs: number;
  hellosSinceMs: number;
  heardHelloMs: number;
  /** Since when a PING waits for its answer; 0 when none does. */
  pingWaitsMs: number;
  pingSentMs: number;
  availableMs: number;
  pongMs: number;
  /** Opens what is not open. `onReady` follows for a new connection for commands, before anything else is sent. */
  readonly connect: (nowMs: number, onReady: () => void) => void;
  /** Commands without an answer. */
  readonly pending: () => number;
  /** Sends one command; false when there is no connection. */
  readonly send: (command: Command, receive: (reply: RedisReply) => void) => boolean;
  readonly dropCommands: () => void;
  readonly dropHellos: () => void;
  /** For good: nothing of what is under way is received. */
  readonly close: () => void;
};

export type LinkOptions = {
  readonly wire: Wire;
  readonly process: VirtualProcess;
  readonly address: string;
  /** Receives the hellos; undefined for a link to a Sentinel, which needs none. */
  readonly onHello: ((text: string) => void) | undefined;
  readonly nowMs: number;
};

export const HELLO_CHANNEL = '__sentinel__:hello';

/** TCP sends the first packet of a connection again after this, then after twice as long, and so on. */
const FIRST_AGAIN_MS = 1000;
const ATTEMPTS_MAX = 6;

type Channel = {
  end: WireEnd | undefined;
  /** What is to be sent once it is open. */
  readonly kept: ClientRequest[];
  readonly waiting: Map<number, (reply: RedisReply) => void>;
  closed: boolean;
};

/** A link that is not connected yet. */
export function createLink(options: LinkOptions): InstanceLink {
  const { wire, process, nowMs } = options;
  let commands: Channel | undefined;
  let hellos: Channel | undefined;
  let lastId = 0;

  const lost = (channel: Channel): void => {
    if (channel.closed) return;
    channel.closed = true;
    channel.waiting.clear();
    channel.end?.close();
    if (channel === commands) commands = undefined;
    if (channel === hellos) hellos = undefined;
    link.disconnected = true;
  };

  const open = (): Channel => {
    const channel: Channel = { end: undefined, kept: [], waiting: new Map(), closed: false };
    const attempt = (number: number): void => {
      wire.dial(process, options.address, FIRST_AGAIN_MS * 2 ** number, (dialled) => {
        if (channel.closed) {
          if (dialled.is === 'open') dialled.end.close();
        } else if (dialled.is === 'open') ready(channel, dialled.end);
        else if (dialled.why === 'refused' || number + 1 >= ATTEMPTS_MAX) lost(channel);
        else attempt(number + 1);
      });
    };
    attempt(0);
    return channel;
  };

  const ready = (channel: Channel, end: WireEnd): void => {
    channel.end = end;
    end.onMessage((message) => {
      const { id, replies } = message as ClientAnswer;
      if (channel === hellos) return hear(replies[0]);
      const receive = channel.waiting.get(id);
      channel.waiting.delete(id);
      receive?.(replies[0] ?? null);
    });
    end.onClosed(() => lost(channel));
    for (const request of channel.kept.splice(0)) end.send(request);
  };

  const put = (channel: Channel, request: ClientRequest): void => {
    if (channel.end === undefined) channel.kept.push(request);
    else channel.end.send(request);
  };

  const hear = (reply: RedisReply | undefined): void => {
    if (!Array.isArray(reply)) return;
    link.heardHelloMs = process.host.wallMs();
    if (reply[0] === 'message') options.onHello?.(String(reply[2]));
  };

  const link: InstanceLink = {
    disconnected: true,
    triedAtMs: 0,
    commandsSinceMs: 0,
    hellosSinceMs: 0,
    heardHelloMs: nowMs,
    pingWaitsMs: nowMs,
    pingSentMs: 0,
    availableMs: nowMs,
    pongMs: nowMs,
    connect: (now, onReady) => {
      link.triedAtMs = now;
      link.disconnected = false;
      if (commands === undefined) {
        commands = open();
        link.commandsSinceMs = now;
        onReady();
      }
      if (hellos !== undefined || options.onHello === undefined) return;
      hellos = open();
      link.hellosSinceMs = now;
      link.heardHelloMs = now;
      put(hellos, { id: 0, commands: [['SUBSCRIBE', HELLO_CHANNEL]] });
    },
    pending: () => commands?.waiting.size ?? 0,
    send: (command, receive) => {
      if (commands === undefined) return false;
      lastId += 1;
      commands.waiting.set(lastId, receive);
      put(commands, { id: lastId, commands: [command] });
      return true;
    },
    dropCommands: () => {
      if (commands !== undefined) lost(commands);
    },
    dropHellos: () => {
      if (hellos !== undefined) lost(hellos);
    },
    close: () => {
      for (const channel of [commands, hellos]) if (channel !== undefined) lost(channel);
    },
  };
  return link;
}
