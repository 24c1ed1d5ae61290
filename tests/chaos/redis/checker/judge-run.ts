/** After a run: what the primary holds against what was told, and the three nodes against each other. */
import { within } from '@holdfast/drill';
import type { Cluster, Member } from '../hosts/cluster.ts';
import type { Told } from '../writers/record.ts';
import { differences, type Held, judge, type Verdict } from './checker.ts';
import { readHeld } from './evidence.ts';

/** Replicas may be a moment behind, and a node may be away for a moment: read again until then. */
const SAME_WITHIN_MS = 8000;

/**
 * The verdict and everything that is wrong, in words. What cannot be read cannot be judged: that is wrong as well, and
 * told apart from a loss.
 */
export async function judgeRun(
  cluster: Cluster,
  primary: Member | undefined,
  told: readonly Told[],
  account: string,
): Promise<{ readonly verdict: Verdict; readonly faults: readonly string[] }> {
  const { password } = cluster.files;
  const nodes = cluster.of('redis');
  let read: readonly (Held | string)[] = [];
  const readAll = async (): Promise<true | undefined> => {
    read = await Promise.all(nodes.map((node) => readOrWhy(node, password, account)));
    const held = read.filter((one) => typeof one !== 'string');
    return held.length === nodes.length && differences(held).length === 0 ? true : undefined;
  };
  await within({ limitMs: SAME_WITHIN_MS, everyMs: 200 }, readAll);
  const held = read.filter((one) => typeof one !== 'string');
  const unread = read.filter((one) => typeof one === 'string');
  const judged = held.find(({ node }) => node === (primary ?? nodes[0])?.name);
  if (judged === undefined) {
    const counts = judge(told, EMPTY);
    const verdict = { ...counts, lost: [], doubled: [], againstWord: [], other: [] };
    return { verdict, faults: [...unread, 'the primary could not be read: nothing was judged'] };
  }
  const verdict = judge(told, judged);
  return {
    verdict,
    faults: [
      ...unread,
      ...named('lost', verdict.lost),
      ...named('doubled', verdict.doubled),
      ...named('stored against the word that they are not', verdict.againstWord),
      ...verdict.other,
      ...differences(held),
    ],
  };
}

const EMPTY: Held = { node: 'none', entries: [], signals: new Map() };

async function readOrWhy(node: Member, password: string, account: string): Promise<Held | string> {
  try {
    return await readHeld(node, password, account);
  } catch (error) {
    return `${node.name} could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function named(what: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  return [`${ids.length} ${what}: ${ids.slice(0, 8).join(', ')}${ids.length > 8 ? ', …' : ''}`];
}
