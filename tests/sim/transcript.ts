/**
 * A seed's story in words that people can follow: who died, what was sent, what the rule did. Made of the lines that the
 * simulation notes itself. Times are left to whole tenths of a second, so that what happened is read, and not when.
 */

/** So many steps before the end are told; the beginning is the same in all. */
const STEPS_MAX = 80;

type Detail = Readonly<Record<string, unknown>>;
type Telling = (who: string, detail: Detail) => string;

const text = (detail: Detail, name: string): string => {
  const value = detail[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
};
const of =
  (name: string, tell: (who: string, value: string, detail: Detail) => string): Telling =>
  (who, detail) =>
    tell(who, text(detail, name), detail);

/** Events of engines, terminals, clients and wardens that move something; the others are left out. */
const TOLD: Readonly<Record<string, Telling>> = {
  active: of('epoch', (who, epoch, d) => `${who} leads the account in epoch ${epoch} (${text(d, 'cause')}).`),
  inactive: of('epoch', (who, epoch, d) => `${who} gives up the lead of epoch ${epoch} (${text(d, 'why')}).`),
  paused: of('reason', (who, reason) => `${who} holds the account still: ${reason}.`),
  resumed: (who) => `${who} goes on with the account.`,
  fenced: of('epoch', (who, epoch, d) => `${who} obeys ${text(d, 'holder')} in epoch ${epoch} from now on.`),
  sent: of('commandId', (who, id, d) => `${who} sends ${id} to ${text(d, 'terminal')}.`),
  order_send: of('commandId', (who, id, d) => `${who} gives ${id} (${text(d, 'action')}) to the broker.`),
  command_result: of('commandId', (who, id, d) => {
    const order = text(d, 'order') === '0' ? 'no order' : `order ${text(d, 'order')}`;
    return `${who} has the answer to ${id}: ${text(d, 'retcode')}, ${order}${d['replay'] === true ? ', from its journal' : ''}.`;
  }),
  command_refused: of('commandId', (who, id, d) => `${who} refuses ${id}: ${text(d, 'reason')}.`),
  scan_found: of('commandId', (who, id) => `${who} finds at the broker what became of ${id}.`),
  finished: of(
    'signalId',
    (who, id, d) =>
      `${who} records the result of ${id}: ${text(d, 'outcome')} (${text(d, 'reason')}), number ${text(d, 'number')}.`,
  ),
  dropped: of('signalId', (who, id, d) => `${who} leaves ${id} out: ${text(d, 'reason')}.`),
  deposed: (who) => `${who} is told that another engine leads.`,
  primary_found: of('endpoint', (who, node, d) => `${who} writes to ${node}, term ${text(d, 'term')}.`),
  cold_start: of('node', (who, node) => `${who} makes ${node} the first primary.`),
  failover_asked: of(
    'cause',
    (who, cause, d) => `${who} asks for a failover of ${text(d, 'primary')}: it ${cause}.`,
  ),
  failover_done: of('to', (who, to, d) => `${who} sees ${to} take over from ${text(d, 'from')}.`),
  follows: of('node', (who, node, d) => `${who} sees ${node} follow ${text(d, 'primary')}.`),
  not_promotable: of('node', (who, node, d) => `${who} makes ${node} not promotable: ${text(d, 'why')}.`),
  excluded: of('node', (who, node, d) => `${who} takes ${node} out of the set: ${text(d, 'why')}.`),
  included: of('node', (who, node) => `${who} takes ${node} into the set.`),
};

/** Lines that are sentences already, whoever says them. */
const SENTENCES: readonly (readonly [RegExp, (found: readonly string[]) => string])[] = [
  [/^FAULT ([^:]*): (.*)$/, ([, kind, detail]) => `**Fault, ${kind}:** ${detail}.`],
  [/^HEAL$/, () => '**The fault is over.**'],
  [/^QUIET$/, () => '**Nothing more happens; everybody may finish.**'],
  [/^BROKEN (.*)$/, ([, what]) => `**Broken: ${what}**`],
  [
    /^(client-\d) (\S+) (\S+): (\w+)$/,
    ([, who, id, action, is]) => `${who} is told of ${id} (${action}): ${is}.`,
  ],
  [/^(\S+) will send (\S+)$/, ([, who, id]) => `${who} has the intent of ${id} in its journal.`],
  [/^(\S+) (crashes|freezes) at its intent$/, ([, who, does]) => `${who} ${does} as its intent is stored.`],
  [/^(\S+) died: .*crashed (\w+)/, ([, who, point]) => `${who} dies ${(point ?? '').replace('_', ' ')}.`],
  [/^(redis-\d) is primary now$/, ([, who]) => `${who} is a primary now.`],
  [/^(redis-\d) starts(.*) holding: (.*)$/, ([, who, how, why]) => `${who} starts${how}, and holds: ${why}.`],
  [
    /^(sentinel-\d): (tries|selects|promotes|the primary) (.*)$/,
    ([, who, does, what]) =>
      does === 'the primary' ? `${who}: the primary ${what}.` : `${who} ${does} ${what}.`,
  ],
];

/** The steps of a story, or nothing for a line that moves nothing. */
function sentence(line: string): string | undefined {
  for (const [pattern, tell] of SENTENCES) {
    const found = pattern.exec(line);
    if (found !== null) return tell(found);
  }
  const found = /^(\S+) ([a-z_]+) (\{.*\})$/.exec(line);
  if (found === null) return undefined;
  const [, who = '', event = '', json = '{}'] = found;
  return TOLD[event]?.(who, JSON.parse(json) as Detail);
}

/** The story as a list of steps, a line each: seconds since the world began, and what happened. */
export function transcript(story: readonly string[]): string[] {
  const steps = story.flatMap((line) => {
    const [, ms = '0', rest = ''] = /^\s*([\d.]+) (.*)$/.exec(line) ?? [];
    const told = sentence(rest);
    return told === undefined ? [] : [`- ${(Number(ms) / 1000).toFixed(1)} s: ${told}`];
  });
  const broken = steps.findIndex((step) => step.includes('**Broken: '));
  const end = broken < 0 ? steps.length : broken + 1;
  const begin = Math.max(0, end - STEPS_MAX);
  const left = begin === 0 ? [] : [`- (${begin} steps before that: the start, and what went well)`];
  return [...left, ...steps.slice(begin, end)];
}
