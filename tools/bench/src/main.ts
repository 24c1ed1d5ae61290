/**
 * `npm run bench`: what acceptance and the whole journey cost, beside the floor (the same Redis commands without our
 * code) and a peer, measured in the same run; and the memory of each process. No test: it judges nothing.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ManyAccounts, measureAccounts } from './benchmarks/accounts.ts';
import { measureAcceptance } from './benchmarks/acceptance.ts';
import { measureJourney } from './benchmarks/journey.ts';
import { measureMemory } from './benchmarks/memory.ts';
import { measureTakeover, type TakeoverPlan } from './benchmarks/takeover.ts';
import { FULL, QUICK } from './plan.ts';
import { documentOf } from './report/document.ts';
import { quantile } from './report/figures.ts';
import { describeMachine } from './report/machine.ts';
import { topOfProfiles } from './report/profiles.ts';
import type { Report } from './report/report.ts';
import { memorySentences, memoryTable, speedTable, takeoverTable, textOf } from './report/tables.ts';

const DOCUMENT = new URL('../../../docs/benchmarks.md', import.meta.url);
const PARTS = ['acceptance', 'journey', 'memory', 'takeover'] as const;
/** Faults take their time: only when asked for by name. */
const NAMED_ONLY = 'takeover';

const USAGE = `npm run bench -- [PART] [options]
  PART               acceptance, journey, memory or takeover; the first three when left out
  --quick            fewer signals and rounds: about two minutes
  --only PART        the same as PART
                     accounts: many accounts on two engines, one of which is lost; by itself only
  --rounds N         rounds of acceptance and journey
  --signals N        signals of the memory run
  --kills N          takeover: runs of kill -9 (0 for none); accounts: how often (5)
  --accounts N       accounts: how many (250)
  --freezes N        takeover: runs of SIGSTOP
  --planned N        takeover: planned switchovers
  --growth N         takeover: runs of kill -9 for each number of finished signals
  --json FILE        writes everything that was measured
  --write            writes docs/benchmarks.md
  --from FILE        measures nothing: tables and document from a file of --json; from several, where parts were measured apart
  --profile FOLDER   processor profiles of backend and engines, and where their time went
`;

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    signals: { type: 'string' },
    kills: { type: 'string' },
    accounts: { type: 'string' },
    freezes: { type: 'string' },
    planned: { type: 'string' },
    growth: { type: 'string' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    from: { type: 'string', multiple: true },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  if (given.help) return void process.stdout.write(USAGE);
  if (positionals[0] === 'accounts') return loseOneOfTwo();
  const report = given.from === undefined ? await measure() : readReports(given.from);
  show(report);
  if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify(report)}\n`);
  if (given.write) writeFileSync(DOCUMENT, documentOf(report));
  if (given.profile !== undefined) process.stdout.write(topOfProfiles(given.profile));
}

const MANY_ACCOUNTS = 250;
const MANY_KILLS = 5;

async function loseOneOfTwo(): Promise<void> {
  const measured: ManyAccounts = await measureAccounts({
    accounts: wholeNumber('--accounts', given.accounts) ?? MANY_ACCOUNTS,
    kills: wholeNumber('--kills', given.kills) ?? MANY_KILLS,
    tell: (line) => void process.stderr.write(`${line}\n`),
  });
  if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify(measured)}\n`);
  const times = measured.kills.flatMap(({ timesMs }) => timesMs);
  process.stdout.write(
    `${measured.accounts} accounts, an engine lost ${measured.kills.length} times: from kill -9 to the account's next result` +
      ` median ${quantile(times, 0.5).toFixed(0)} ms, worst of all accounts ${Math.max(...times).toFixed(0)} ms\n`,
  );
}

async function measure(): Promise<Report> {
  const plan = given.quick ? QUICK : FULL;
  const rounds = wholeNumber('--rounds', given.rounds) ?? plan.rounds;
  const signals = wholeNumber('--signals', given.signals) ?? plan.memorySignals;
  const [named = given.only] = positionals;
  const only = PARTS.find((part) => part === named);
  if (named !== undefined && only === undefined) {
    throw new Error(`${named}: expected one of ${PARTS.join(', ')}`);
  }
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const wanted = (part: (typeof PARTS)[number]): boolean =>
    only === undefined ? part !== NAMED_ONLY : only === part;
  const options = { rounds, tell, profileFolder: given.profile };
  const machine = describeMachine();
  const date = new Date().toISOString().slice(0, 10);
  return {
    date,
    quick: given.quick,
    machine,
    ...(wanted('acceptance') && {
      acceptance: await measureAcceptance({ ...options, settings: plan.acceptance }),
    }),
    ...(wanted('journey') && { journey: await measureJourney({ ...options, settings: plan.journey }) }),
    ...(wanted('memory') && { memory: await measureMemory({ signals, tell }) }),
    ...(wanted('takeover') && {
      takeover: await measureTakeover({ plan: takeoverPlan(plan.takeover), tell }),
    }),
  };
}

function takeoverPlan(plan: TakeoverPlan): TakeoverPlan {
  const number = (option: string, text: string | undefined, otherwise: number): number =>
    text === '0' ? 0 : (wholeNumber(option, text) ?? otherwise);
  return {
    kills: number('--kills', given.kills, plan.kills),
    freezes: number('--freezes', given.freezes, plan.freezes),
    planned: number('--planned', given.planned, plan.planned),
    growth: {
      kills: number('--growth', given.growth, plan.growth.kills),
      finished: given.growth === '0' ? [] : plan.growth.finished,
    },
  };
}

function show({ acceptance, journey, memory, takeover }: Report): void {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  if (acceptance !== undefined) say(`\nacceptance: HTTP to acknowledged\n${textOf(speedTable(acceptance))}`);
  if (journey !== undefined) say(`\njourney: HTTP to result\n${textOf(speedTable(journey))}`);
  if (takeover !== undefined) {
    say(`\ntakeover: from the fault to the result of the next signal\n${textOf(takeoverTable(takeover))}`);
  }
  if (memory !== undefined) {
    say(`\nmemory: ${memorySentences(memory).join(' ')}\n${textOf(memoryTable(memory))}`);
  }
}

/** The machine and the day are those of the last; it is the quick form where one of them is. */
function readReports(files: readonly string[]): Report {
  const reports = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Report);
  const [first, ...others] = reports;
  if (first === undefined) throw new Error('--from: expected a file');
  const all = others.reduce((sum, one) => ({ ...sum, ...one }), first);
  return { ...all, quick: reports.some(({ quick }) => quick) };
}

function wholeNumber(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} ${text}: expected a whole number above 0`);
  return value;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}
process.exit(0);
