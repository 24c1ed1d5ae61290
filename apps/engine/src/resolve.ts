/**
 * A person ends an unknown outcome (I5, I6). The broker's records are looked into once more before: a proof outranks what
 * anybody says. What was said stands in the one result; performing it again says how the signal has ended.
 */
import { checkResolution, type Host, type OrderEvent, signalMagic, sleep } from '@holdfast/ha-core';
import type { SignalStanding, StoredWish } from '@holdfast/redis';
import type { Line } from './line.ts';
import { intentOf, type TrackedOrder } from './tracked-order.ts';
import type { Performed } from './wish-desk.ts';

export type ResolveParts = {
  readonly host: Host;
  readonly account: string;
  readonly line: Line;
  readonly stopped: () => boolean;
  readonly signalState: (magic: string) => Promise<SignalStanding | undefined>;
  /** Looks into the broker's records; what is found there ends the order by itself. */
  readonly inquire: (order: TrackedOrder) => Promise<void>;
  readonly post: (order: TrackedOrder, event: OrderEvent) => void;
};

/** The result is written with back-off until it is in; a wish waits for it so long. */
const WRITTEN_WITHIN_MS = 30_000;
const ASKED_WITHIN_MS = 10_000;
const POLL_MS = 5;

/** Performs the wish; undefined when the next leader has to answer. */
export async function resolveUnknown(parts: ResolveParts, wish: StoredWish): Promise<Performed | undefined> {
  const { signal = '', outcome = '' } = wish.args;
  const order = [...parts.line.begun(), ...parts.line.waiting()].find(
    ({ accepted }) => accepted.id === signal,
  );
  if (order === undefined) return ended(parts, signal);
  // Right after a takeover its terminal is asked first: it may know.
  await until(parts, () => order.state.is !== 'asking', ASKED_WITHIN_MS);
  if (parts.stopped()) return undefined;
  const intent = intentOf(order);
  if (order.state.is === 'unknown' && intent !== undefined) {
    const said = checkResolution(intent.command, outcome);
    if (said.is === 'wrong') {
      const detail = `outcome ${JSON.stringify(outcome)} of a ${intent.command.do}: expected ${said.expected}`;
      return { is: 'refused', detail };
    }
    await parts.inquire(order);
    const { by, reason } = wish;
    parts.post(order, { is: 'resolved', resolution: { said: said.outcome, by, reason } });
  } else if (order.state.is !== 'finishing' && order.state.is !== 'finished') {
    return { is: 'refused', detail: `signal ${signal} is ${order.state.is}: expected one that is unknown` };
  }
  const isWritten = await until(parts, () => order.state.is !== 'finishing', WRITTEN_WITHIN_MS);
  return isWritten ? ended(parts, signal) : undefined;
}

/** Waits for a condition; false when it did not come within the limit, or this leadership ended before. */
async function until(parts: ResolveParts, met: () => boolean, withinMs: number): Promise<boolean> {
  const endMs = parts.host.monotonicMs() + withinMs;
  while (!met() && !parts.stopped() && parts.host.monotonicMs() < endMs) await sleep(parts.host, POLL_MS);
  return met();
}

/** How a signal that is not under way stands in Redis. */
async function ended(parts: ResolveParts, signal: string): Promise<Performed | undefined> {
  const known = await parts.signalState(signalMagic(parts.account, signal));
  if (known === undefined) return undefined;
  if (known.id !== signal || signal === '') {
    return { is: 'refused', detail: `signal ${JSON.stringify(signal)}: the account has none of that id` };
  }
  if (known.number === undefined) {
    return { is: 'refused', detail: `signal ${signal} is ${known.state}: expected one that is unknown` };
  }
  return { is: 'done', detail: `${signal} has ended: ${known.state}, record ${known.number}` };
}
