/** Where the processor's time went: the functions of each .cpuprofile of a folder, by their own time and with what they call. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

type ProfileNode = {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
};
type Profile = {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
};

const LINES = 20;

/** A text with the largest shares of each profile's busy time. */
export function topOfProfiles(folder: string): string {
  const files = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'));
  return files
    .map((file) => {
      const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Profile;
      const { busyMs, own, whole } = timesOf(profile);
      const top = (title: string, times: ReadonlyMap<string, number>): string =>
        [title, ...shares(times, busyMs)].join('\n');
      return `\n${file}: busy ${busyMs.toFixed(0)} ms\n${top('own time', own)}\n${top('with what it calls', whole)}\n`;
    })
    .join('');
}

function timesOf(profile: Profile): {
  readonly busyMs: number;
  readonly own: ReadonlyMap<string, number>;
  readonly whole: ReadonlyMap<string, number>;
} {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id])),
  );
  const ownOf = new Map<number, number>();
  profile.samples.forEach((id, index) => {
    ownOf.set(id, (ownOf.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000);
  });
  const own = new Map<string, number>();
  const whole = new Map<string, number>();
  let busyMs = 0;
  for (const [id, ms] of ownOf) {
    const node = nodes.get(id);
    if (node === undefined || /^\((idle|root)\)$/.test(node.callFrame.functionName)) continue;
    busyMs += ms;
    add(own, nameOf(node), ms);
    const callers = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const caller = nodes.get(at);
      if (caller !== undefined) callers.add(nameOf(caller));
    }
    for (const name of callers) add(whole, name, ms);
  }
  whole.delete('(root)');
  return { busyMs, own, whole };
}

function add(times: Map<string, number>, name: string, ms: number): void {
  times.set(name, (times.get(name) ?? 0) + ms);
}

/** `run libs/redis/src/node.ts:104`: relative to the checkout, or to node_modules. */
function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const path = url
    .replace(/^file:.*\/((?:apps|libs|tools)\/[^/]+\/src\/)/, '$1')
    .replace(/^file:.*\/node_modules\//, '');
  return path === '' ? functionName : `${functionName || '(anonymous)'} ${path}:${lineNumber + 1}`;
}

function shares(times: ReadonlyMap<string, number>, busyMs: number): string[] {
  return [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, LINES)
    .map(([name, ms]) => `  ${((ms / busyMs) * 100).toFixed(1).padStart(5)} %  ${name}`);
}
