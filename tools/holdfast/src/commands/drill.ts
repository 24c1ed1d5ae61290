/**
 * `holdfast drill`: breaks the running system on purpose, under a load of its own on an account that is named, and tells
 * what became of every signal. It ends only processes that the supervisor of this cluster has started and starts again.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  boundText,
  createPlan,
  type Fault,
  FAULTS,
  failuresOf,
  faultNamed,
  lineOf,
  monotonicMs,
  oneRun,
  openDesk,
  type RunResult,
  type System,
  systemIn,
  tableOf,
  whyNot,
} from '@holdfast/drill';
import { Command } from 'commander';
import { CommandFailed } from '../failures.ts';
import { expectOne, stateOption, wholeNumber } from '../options.ts';
import { tellerOf } from '../screen.ts';

type DrillOptions = {
  readonly state: string;
  readonly account?: string;
  readonly runs?: number;
  readonly seed?: number;
  readonly perSecond?: number;
  readonly report?: string;
  readonly yesThisSendsOrders?: true;
};

const PER_SECOND = 10;
const ALL = 'all';
const LIST = 'list';

/** The command. */
export function drillCommand(): Command {
  return new Command('drill')
    .description('break the running system on purpose and tell what became of every signal')
    .argument('<fault>', 'a fault by its name, `all` for one after the other, `list` to see them')
    .addOption(stateOption())
    .option('--account <account>', 'account on which the drill sends its signals; needed but for `list`')
    .option('--runs <number>', 'how many faults (1, with `all` each once)', wholeNumber)
    .option('--seed <number>', 'chooses targets and moments (1)', wholeNumber)
    .option('--per-second <number>', `signals a second (${PER_SECOND})`, wholeNumber)
    .option('--report <file>', 'also write the report as a page')
    .option('--yes-this-sends-orders', 'needed where the broker is a real one')
    .action(async (fault: string, options: DrillOptions, command: Command) => {
      const tell = tellerOf(command);
      const system = systemIn(resolve(options.state));
      if (fault === LIST) return list(system, tell);
      return drill(system, fault, options, tell);
    });
}

const offerOf = ({ simulator }: System) => ({ simulator: simulator !== undefined, links: false, own: false });

function list(system: System, tell: (line: string) => void): void {
  for (const fault of FAULTS) {
    const why = whyNot(fault, offerOf(system));
    tell(`${fault.name.padEnd(28)} ${fault.what}${why === undefined ? '' : ` (not here: it ${why})`}`);
  }
}

async function drill(
  whole: System,
  name: string,
  options: DrillOptions,
  tell: (line: string) => void,
): Promise<void> {
  const system = forAccount(whole, options);
  const faults = chosen(system, name);
  const { seed = 1, runs = faults.length, perSecond = PER_SECOND } = options;
  const accounts = system.accounts;
  // No two drills may have the same ids: an id that was used never trades again.
  const prefix = `drill-${Date.now().toString(36)}-`;
  const desk = await openDesk({ system, accounts, perSecond, prefix, isAlone: false });
  const thawed = thawAtTheEnd(system);
  const results: RunResult[] = [];
  const beganMs = monotonicMs();
  const say = (text: string): void =>
    tell(`${((monotonicMs() - beganMs) / 1000).toFixed(1).padStart(7)} s  ${text}`);
  try {
    const plan = createPlan(seed, faults, []);
    for (let number = 0; number < runs; number += 1) {
      const planned = plan(number);
      say(`${planned.fault.name}: ${planned.fault.what}`);
      const result = await oneRun({ system, desk, links: undefined, decides: false, tell: say }, planned);
      results.push(result);
      say(lineOf(result).trim());
    }
  } finally {
    thawed();
    await desk.load.stop();
    desk.close();
  }
  if (options.report !== undefined)
    writeFileSync(options.report, `# Drill\n${boundText(results)}.\n\n${tableOf(results)}\n`);
  const unknown = results.flatMap(({ verdict }) => verdict.unknown);
  for (const one of unknown)
    tell(`unknown, not sent again: ${one}; \`holdfast resolve\` says what became of it`);
  const failures = results.flatMap((run) => failuresOf(run).map((what) => `${run.fault}: ${what}`));
  if (failures.length > 0) throw new CommandFailed([boundText(results), ...failures].join('\n'));
  const acknowledged = results.reduce((sum, { verdict }) => sum + verdict.acknowledged, 0);
  tell(`${boundText(results)}; ${acknowledged} signals were acknowledged, each has its one result`);
}

/** The system with the one account alone. Throws where a drill may not run. */
function forAccount(system: System, { account, yesThisSendsOrders }: DrillOptions): System {
  const names = system.accounts.map((one) => one.account);
  if (account === undefined) throw new CommandFailed(`--account: expected one of ${names.join(', ')}`);
  expectOne('--account', account, names);
  if (system.simulator === undefined && yesThisSendsOrders !== true) {
    throw new CommandFailed(
      `${account} has no simulated terminal: a drill would send real orders to its broker, and break the system under them.\n` +
        'Where that is what you want, say so with --yes-this-sends-orders. Nothing was done.',
    );
  }
  if (!system.isSupervised()) {
    throw new CommandFailed(
      `nothing supervises the cluster in ${system.folder}: what a drill ends would not come back; \`holdfast up\` first`,
    );
  }
  return { ...system, accounts: system.accounts.filter((one) => one.account === account) };
}

function chosen(system: System, name: string): readonly Fault[] {
  const offer = offerOf(system);
  if (name === ALL) return FAULTS.filter((fault) => whyNot(fault, offer) === undefined);
  expectOne('fault', name, [ALL, LIST, ...FAULTS.map((fault) => fault.name)]);
  const fault = faultNamed(name);
  const why = whyNot(fault, offer);
  if (why !== undefined) throw new CommandFailed(`${name} cannot be done here: it ${why}`);
  return [fault];
}

/** A drill that is interrupted leaves nothing frozen. Returns what takes the watch off again. */
function thawAtTheEnd(system: System): () => void {
  const thaw = (): void => {
    for (const { name } of system.parts) if (system.pid(name) !== undefined) system.signal(name, 'SIGCONT');
    process.exit(130);
  };
  process.once('SIGINT', thaw);
  process.once('SIGTERM', thaw);
  return () => {
    process.removeListener('SIGINT', thaw);
    process.removeListener('SIGTERM', thaw);
  };
}
