/**
 * From the suspicion to the new primary: wardens agree (agreement.ts), one asks a Sentinel, and all look closely for who is
 * promoted (whom the others then follow: following.ts). Sentinel would do that too, up to seconds later.
 */
import { backOffMs, type Host, LIMITS, sleep } from '@holdfast/ha-core';
import type { Agreement } from './agreement.ts';
import type { NodeWatch } from './node-watch.ts';
import { FALSE_ALARM_WITHIN_MS } from './patience.ts';
import type { Peers } from './peers.ts';
import type { Sentinels } from './sentinels.ts';
import type { Situation } from './situation.ts';
import type { Suspicion } from './suspicion.ts';

/** A change of primary that this warden has asked for or seen. */
export type FailoverRecord = {
  readonly from: string;
  readonly to: string;
  readonly cause: string;
  readonly by: string;
  /** From the first missed probe to the first sight of the new primary; undefined where another part did it. */
  readonly tookMs: number | undefined;
  readonly at: number;
};

export type FailoverOptions = {
  readonly host: Host;
  readonly name: string;
  /** This warden's place among the wardens, from 0. */
  readonly index: number;
  readonly watches: readonly NodeWatch[];
  readonly situation: Situation;
  readonly sentinels: Sentinels;
  readonly agreement: Agreement;
  readonly suspicion: Suspicion;
  /** As for the suspicion. */
  readonly detects: boolean;
  readonly peers: () => Pick<Peers, 'ask'>;
  readonly onFailover: (record: FailoverRecord) => void;
  /** The primary that this warden had another one follow was there all the time. */
  readonly onFalseAlarm: () => void;
  readonly log: (event: string, detail: Record<string, unknown>) => void;
};

export type Failover = {
  /** Begins to seek an agreement, unless that is under way. */
  readonly propose: () => void;
  /** Looks whether the last one was needed. */
  readonly judgeAlarm: () => void;
  /** True from a vote until the failover is over: look closely. */
  readonly hurried: () => boolean;
};

/** Candidates begin one after the other, so that the first has the votes before the second asks. */
const STAGGER_MS = 6;
const AGAIN_MS = 15;
const REFUSED_PAUSE_MS = 150;
const REFUSED_PAUSE_MOST_MS = 2000;

/** Nothing happens before the first call. */
export function createFailover(options: FailoverOptions): Failover {
  const { host, situation, watches, agreement, suspicion, log } = options;
  const { suspected } = suspicion;
  let proposing = false;

  /** By a failover that this warden has asked for. */
  let replaced: { readonly primary: string; readonly atMs: number } | undefined;

  /** Only who asked can judge: a warden that was cut off sees the new primary and the old one at the same moment. */
  const judgeAlarm = (): void => {
    if (replaced === undefined) return;
    const { primary, atMs } = replaced;
    if (host.monotonicMs() - atMs > FALSE_ALARM_WITHIN_MS) replaced = undefined;
    else if (watches.find(({ name }) => name === primary)?.seen()?.role.is === 'primary') {
      replaced = undefined;
      options.onFalseAlarm();
    }
  };

  /** False when no Sentinel took the request. */
  const failOver = async (primary: string): Promise<boolean> => {
    /** The Sentinels do not see it: one of them shall promote it again, or another one. */
    const unseen = situation.present()?.name;
    const watch = watches.find(({ name }) => name === primary);
    const sinceMs = watch?.goneSinceMs() ?? host.monotonicMs();
    const cause = causeOf(watch);
    const heirs = situation.heirs();
    const asked = await options.sentinels.failOver(primary, options.index, heirs);
    if (asked.is === 'refused') {
      log('failover_refused', { primary, why: asked.why });
      return false;
    }
    log('failover_asked', { primary, cause, afterMs: Math.round(host.monotonicMs() - sinceMs) });
    const endMs = host.monotonicMs() + LIMITS.wardenVoteMs;
    let isBack = false;
    while (host.monotonicMs() < endMs) {
      const present = situation.present();
      if (present !== undefined && present.name !== primary && present.name !== unseen) {
        const tookMs = Math.round(host.monotonicMs() - sinceMs);
        log('failover_done', { from: primary, to: present.name, tookMs });
        replaced = { primary, atMs: host.monotonicMs() };
        options.onFailover({
          from: primary,
          to: present.name,
          cause,
          by: options.name,
          tookMs,
          at: host.wallMs(),
        });
        return true;
      }
      // Sentinel may promote another one all the same.
      isBack ||= present !== undefined;
      await sleep(host, 2);
    }
    log(isBack ? 'failover_ended' : 'failover_late', { primary, isBack, afterMs: LIMITS.wardenVoteMs });
    return true;
  };

  /** A replica whose data is of the newest term that was seen. */
  const mayLead = (one: NodeWatch): boolean => {
    const seen = one.seen();
    return seen?.role.is === 'replica' && seen.record.term >= situation.newestTerm();
  };

  const run = async (): Promise<void> => {
    await sleep(host, options.index * STAGGER_MS);
    let refused = 0;
    for (let primary = suspected(); primary !== undefined; primary = suspected()) {
      const others = watches.filter((one) => one.name !== primary);
      if (situation.present() !== undefined || !options.detects) {
        // It is suspected by the word of the Sentinels, half a second old at most: they may name it by now, or be about to.
        await options.sentinels.look();
        if (suspected() !== primary) continue;
      }
      // Nobody is there to be promoted: Sentinel would take an old primary that says for a moment longer that it is one.
      if (!others.some(mayLead)) await sleep(host, REFUSED_PAUSE_MS);
      else if (!(await agreement.propose(primary, options.peers()))) await sleep(host, AGAIN_MS);
      else if (await failOver(primary)) refused = 0;
      else {
        await sleep(host, backOffMs(refused, REFUSED_PAUSE_MS, REFUSED_PAUSE_MOST_MS, host.random()));
        refused += 1;
      }
    }
  };

  const hurried = (): boolean => agreement.standing() !== undefined || suspicion.looksForSuccessor();

  return {
    hurried,
    propose: () => {
      if (proposing || suspected() === undefined) return;
      proposing = true;
      void run().finally(() => {
        proposing = false;
      });
    },
    judgeAlarm,
  };
}

function causeOf(watch: NodeWatch | undefined): string {
  if (watch?.silentSinceMs() !== undefined) return 'does not answer';
  return watch?.seen()?.role.is === 'primary'
    ? 'is older than what a replica has'
    : 'answers, and is no primary';
}
