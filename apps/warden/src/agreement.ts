/**
 * The agreement of wardens that a primary is gone, and who of them asks Sentinel for the failover (ha-core/warden/vote.ts).
 *
 * A warden that suspects the primary votes for itself and asks the others. One that has only its own vote gives it up for
 * a candidate that stands before it in the configuration, so that two who begin at once do not block each other.
 */
import { type Host, LIMITS, mayVote, type Vote, votesNeeded } from '@holdfast/ha-core';
import type { Peers } from './peers.ts';

export type AgreementOptions = {
  readonly host: Host;
  readonly name: string;
  /** All wardens in the order of the configuration. */
  readonly wardens: readonly string[];
  /** The primary that this warden suspects, as `host:port`. */
  readonly suspected: () => string | undefined;
};

export type Agreement = {
  /** Another warden asks. */
  readonly asked: (candidate: string, primary: string) => boolean;
  /** Tries once to get a majority for itself. */
  readonly propose: (primary: string, peers: Pick<Peers, 'ask'>) => Promise<boolean>;
  /** The vote that stands now, this warden's own or for another. */
  readonly standing: () => Vote | undefined;
};

/** An agreement in which nobody has voted yet. */
export function createAgreement(options: AgreementOptions): Agreement {
  const { host, name, wardens } = options;
  let given: Vote | undefined;
  /** Own candidacy won: the vote for itself is not given up any more. */
  let won = false;

  const standing = (): Vote | undefined =>
    given !== undefined && host.monotonicMs() - given.atMs < LIMITS.wardenVoteMs ? given : undefined;

  const give = (candidate: string, primary: string): boolean => {
    const nowMs = host.monotonicMs();
    const before = wardens.indexOf(candidate) < wardens.indexOf(name);
    const vote = given?.candidate === name && !won && before ? undefined : given;
    if (!mayVote({ candidate, primary }, options.suspected(), vote, nowMs, LIMITS.wardenVoteMs)) return false;
    const kept = vote?.candidate === candidate && nowMs - vote.atMs < LIMITS.wardenVoteMs;
    given = kept ? vote : { candidate, primary, atMs: nowMs };
    if (candidate !== name) won = false;
    return true;
  };

  return {
    asked: (candidate, primary) => wardens.includes(candidate) && give(candidate, primary),
    propose: async (primary, peers) => {
      if (given?.candidate !== name || standing() === undefined) won = false;
      if (!give(name, primary)) return false;
      const votes = await peers.ask(primary);
      if (given?.candidate !== name || standing() === undefined) return false;
      won = votes.length + 1 >= votesNeeded(wardens.length);
      return won;
    },
    standing,
  };
}
