/**
 * What went wrong, to read: the seeds that once broke as they go now, and five planted bugs as they break. docs/transcripts holds
 * them; `HOLDFAST_TRANSCRIPTS=write npx vitest run tests/planted/transcripts.test.ts` writes all of it anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runClusterSeed } from '../sim/cluster/run-cluster-seed.ts';
import { ONCE_BROKEN_SETS, ONCE_BROKEN_SYSTEMS, runOnceBrokenSystem } from '../sim/once-broken.ts';
import { transcript } from '../sim/transcript.ts';
import { type CopiedTree, copyTree } from './copied-tree.ts';
import { PLANTED } from './rows.ts';

const FOLDER = new URL('../../docs/transcripts/', import.meta.url);
const WRITES = process.env['HOLDFAST_TRANSCRIPTS'] === 'write';

/** Planted bugs that tell the most, by the beginning of what they break; the file, and what to see in it. */
const TELLING: readonly (readonly [file: string, breaks: string, see: string])[] = [
  [
    'epoch-at-the-bridge',
    'I3, the epoch at the bridge',
    'An engine that was frozen goes on after another one has taken over, and the terminal takes its command all the same.',
  ],
  [
    'intent-after-send',
    'I4: the intent is written after',
    'The command is on its way before its intent is stored: whoever takes over now would know nothing of it.',
  ],
  [
    'resend-on-timeout',
    'I2: a send without a certain answer',
    'No answer is taken for a no, and the broker had carried the order out.',
  ],
  [
    'takeover-without-fence',
    'I3: a takeover does not raise the epoch at the terminal, and the terminal takes',
    'The new holder trades in an epoch that the terminal was never told of: nothing keeps the old one out.',
  ],
  [
    'acknowledged-before-wait',
    'I1: acknowledged before WAIT',
    'The client is told that its write is stored while one node only has it.',
  ],
];

const page = (title: string, see: string, story: readonly string[]): string =>
  [`# ${title}`, '', see, '', ...transcript(story), ''].join('\n');

/** What the page of that name holds, after it was written where that is asked for. */
function kept(file: string, text: string): string {
  const path = new URL(`${file}.md`, FOLDER);
  if (WRITES) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(path, text);
  }
  return readFileSync(path, 'utf8');
}

describe('a seed that once broke', () => {
  test.each(ONCE_BROKEN_SETS)('in-sync set, seed %i', async (seed, wrong) => {
    const { story } = await runClusterSeed(seed);
    const told = page(`In-sync set, seed ${seed}`, `Once: ${wrong}. What the seed does now:`, story);
    expect(kept(`in-sync-set-${seed}`, told)).toBe(told);
  });

  test.each(ONCE_BROKEN_SYSTEMS)('whole system, seed %i', async (seed, wrong) => {
    const { story } = await runOnceBrokenSystem(seed);
    const told = page(`Whole system, seed ${seed}`, `Once: ${wrong}. What the seed does now:`, story);
    expect(kept(`system-${seed}`, told)).toBe(told);
  });
});

describe('a planted bug', () => {
  let tree: CopiedTree;
  beforeAll(() => {
    tree = copyTree();
  });
  afterAll(() => tree.remove());

  test.each(TELLING)('%s', async (file, breaks, see) => {
    const bug = PLANTED.find((row) => row.breaks.startsWith(breaks));
    if (bug === undefined) throw new Error(`no planted bug begins with: ${breaks}`);
    const takeOut = tree.plant(bug);
    try {
      const { output } = await tree.run(bug.caughtBy, { faults: bug.faults });
      const lines = output.split('\n');
      const first = lines.findIndex((line) => line.startsWith('SEED='));
      const seed = /^SEED=(\d+)/.exec(lines[first] ?? '')?.[1];
      if (seed === undefined) throw new Error(`nothing broke:\n${output.slice(-2000)}`);
      const told = page(bug.breaks, `${see} Seed ${seed}.`, lines.slice(first + 1));
      expect(kept(`planted-${file}`, told)).toBe(told);
    } finally {
      takeOut();
    }
  });
});
