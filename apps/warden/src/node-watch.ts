/**
 * One Redis node in the eyes of one warden: asked for its ROLE and its in-sync record every few milliseconds, on one
 * connection, with a limit that the detector counts misses by.
 */
import {
  type DetectorEvent,
  type DetectorOptions,
  type DetectorState,
  type Endpoint,
  FIRST_DETECTOR,
  type Host,
  type InSyncRecord,
  NO_RECORD,
  NodeUnavailable,
  type RedisNode,
  type RedisNodes,
  stepDetector,
  suspectedSince,
} from '@holdfast/ha-core';
import { endpointName, parseRecord, parseRole, READ_RECORD, type Role } from '@holdfast/redis';

export type NodeWatch = {
  readonly endpoint: Endpoint;
  readonly name: string;
  /** The last answer; undefined while it does not answer. */
  readonly seen: () => NodeSeen | undefined;
  /** When the last question was sent that it has answered, ever; undefined where it has answered none. */
  readonly answeredAtMs: () => number | undefined;
  /** Since when it is suspected not to answer, by this host's clock; undefined when it does. */
  readonly silentSinceMs: () => number | undefined;
  /** Since when it is suspected not to answer or to be no primary. */
  readonly goneSinceMs: () => number | undefined;
  /** One question at least was not answered in time, or not as by a primary, and none was answered well since. */
  readonly isDoubted: () => boolean;
  /** Its machine refused the last connection to it: the process is gone, and not only out of sight. */
  readonly isProcessGone: () => boolean;
  /** It ended the connection or refused one, and has not answered since: a process that only waits does neither. */
  readonly hasQuit: () => boolean;
  /** Sends a probe; `everyMs` is how often this is called. */
  readonly tick: (everyMs: number) => void;
  /** Asks on a new connection, where it is suspected not to answer: the present one may hang in a cut that is over. */
  readonly askAnew: () => void;
  readonly close: () => void;
};

export type NodeSeen = {
  readonly role: Role;
  readonly record: InSyncRecord;
  /** When the question was sent, and when it was answered. */
  readonly sentAtMs: number;
  readonly atMs: number;
};

export type NodeWatchOptions = {
  readonly host: Host;
  readonly redis: RedisNodes;
  readonly endpoint: Endpoint;
  readonly detector: Omit<DetectorOptions, 'limitMs'>;
  /** The limit of one probe at this moment. */
  readonly limitMs: () => number;
  /** Told of every answer and every miss. */
  readonly onChange: () => void;
  /** Told of an answer that came after a probe was missed by its limit; how long the node was silent. */
  readonly onLate?: (silentMs: number) => void;
};

/** Longer than any limit: a frozen node's answers still come when it goes on. */
const RUN_DEADLINE_MS = 1000;
/** A refused connection is not tried again sooner. */
const OPEN_DEADLINE_MS = 250;

/** How a node says that it does not let us in. */
const REFUSAL = /\b(NOAUTH|WRONGPASS|NOPERM)\b/;

/** Nobody listens there any more, as the system of that machine says. */
const PROCESS_GONE = /ECONNREFUSED/;

/** How a connection says that it was given up on this side. */
const GIVEN_UP = /^no answer within|: no answer within/;

/** Begins to watch; nothing is sent before the first tick. */
export function createNodeWatch(options: NodeWatchOptions): NodeWatch {
  const { host, redis, endpoint, limitMs } = options;
  const detector = (): DetectorOptions => ({ ...options.detector, limitMs: limitMs() });
  let answering: DetectorState = FIRST_DETECTOR;
  let primary: DetectorState = FIRST_DETECTOR;
  let node: RedisNode | undefined;
  let opening: Promise<RedisNode> | undefined;
  let seen: NodeSeen | undefined;
  let answeredAtMs: number | undefined;
  let processGone = false;
  let quit = false;
  let closed = false;
  /** Since the last tick: how long it lasts, and the probes in it that did not wait for the next. */
  let period: { readonly everyMs: number; again: number } | undefined;

  /** A probe that stands as missed was missed by its limit, and not by a connection that broke. */
  let isLate = false;

  const answered = (sentAtMs: number, answers: boolean, isPrimary: boolean): void => {
    const nowMs = host.monotonicMs();
    if (answers) {
      if (isLate && answering.since !== undefined) options.onLate?.(nowMs - answering.since);
      isLate = false;
    }
    const event = (good: boolean): DetectorEvent => ({ is: good ? 'good' : 'bad', sentAtMs });
    answering = stepDetector(answering, event(answers), nowMs, detector()).state;
    primary = stepDetector(primary, event(isPrimary), nowMs, detector()).state;
  };

  const connected = async (): Promise<RedisNode> => {
    if (node !== undefined) return node;
    opening ??= redis.open(endpoint, OPEN_DEADLINE_MS).finally(() => {
      opening = undefined;
    });
    const opened = await opening;
    processGone = false;
    if (node === undefined) {
      node = opened;
      opened.onClosed((reason) => {
        if (node === opened) {
          node = undefined;
          // What is given up here says nothing of the node.
          quit ||= !GIVEN_UP.test(reason);
        }
        seen = undefined;
        again();
      });
    } else if (node !== opened) {
      opened.close();
      return node;
    }
    // It may be closed by now, and then says so when it is asked.
    return opened;
  };

  const probe = async (sentAtMs: number): Promise<void> => {
    try {
      const on = await connected();
      if (closed) return on.close();
      const [reply, recordReply] = await on.run([['ROLE'], READ_RECORD], RUN_DEADLINE_MS);
      const role = parseRole(reply);
      answeredAtMs = sentAtMs;
      seen = { role, record: parseRecord(recordReply) ?? NO_RECORD, sentAtMs, atMs: host.monotonicMs() };
      quit = false;
      // Who refuses us is there: a wrong password must not look like a lost primary.
      const refuses = role.is === 'other' && REFUSAL.test(role.detail);
      answered(sentAtMs, true, role.is === 'primary' || refuses);
    } catch (error) {
      if (!(error instanceof NodeUnavailable)) throw error;
      processGone = PROCESS_GONE.test(error.message);
      quit ||= processGone;
      // A wrong password ends the connection before anything can be asked.
      const refusal = REFUSAL.exec(error.message)?.[0];
      seen = refusal === undefined ? undefined : refused(refusal, sentAtMs, host.monotonicMs());
      answered(sentAtMs, refusal !== undefined, refusal !== undefined);
      if (refusal === undefined) again();
    }
    if (!closed) options.onChange();
  };

  const look = (everyMs: number): void => {
    const nowMs = host.monotonicMs();
    const paced = { ...detector(), probeMs: everyMs };
    primary = stepDetector(primary, { is: 'tick' }, nowMs, paced).state;
    const ticked = stepDetector(answering, { is: 'tick' }, nowMs, paced);
    isLate ||= ticked.state.misses > answering.misses;
    answering = ticked.state;
    if (ticked.effects.length > 0) void probe(nowMs);
  };

  /**
   * A connection that broke or was refused asks for the next probe at once: a dead process need not wait for the period.
   * As often in one period as it takes to suspect it, so that one who lets us in and throws us out is not stormed.
   */
  const again = (): void => {
    if (closed || period === undefined || period.again >= options.detector.misses) return;
    if (suspectedSince(answering, detector()) !== undefined) return;
    period.again += 1;
    look(period.everyMs);
  };

  return {
    endpoint,
    name: endpointName(endpoint),
    seen: () =>
      seen !== undefined && host.monotonicMs() - seen.atMs <= limitMs() * options.detector.misses
        ? seen
        : undefined,
    answeredAtMs: () => answeredAtMs,
    isDoubted: () => primary.misses > 0,
    isProcessGone: () => processGone,
    hasQuit: () => quit,
    silentSinceMs: () => suspectedSince(answering, detector()),
    goneSinceMs: () => suspectedSince(primary, detector()),
    tick: (everyMs) => {
      if (closed) return;
      period = { everyMs, again: 0 };
      look(everyMs);
    },
    askAnew: () => {
      if (closed || suspectedSince(answering, detector()) === undefined) return;
      const hangs = node;
      node = undefined;
      opening = undefined;
      hangs?.close();
      void probe(host.monotonicMs());
    },
    close: () => {
      closed = true;
      node?.close();
    },
  };
}

const refused = (detail: string, sentAtMs: number, atMs: number): NodeSeen => ({
  role: { is: 'other', detail },
  record: NO_RECORD,
  sentAtMs,
  atMs,
});
