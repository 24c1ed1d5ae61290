/**
 * The suites of `npm test`, in the order in which they are told. Those that only compute run `together`; the others
 * have the machine to themselves, because they start real processes with real deadlines.
 */
import { CONTAINERS } from './containers.mjs';
import { REDIS_8 } from './redis8.mjs';

/** A command of node_modules/.bin, with its arguments. */
const command = (...words) => words;

/** The file that is left out, aloud, where there is no Chromium. */
const CONSOLE = { chromium: 'tests/e2e/console.test.ts' };

/**
 * Runs one project of vitest.config.ts. `needs` names what must be on the machine, `without` the file that is left out
 * when a program is missing; `paths` narrow it to files whose path holds one of them; `env` is added to the environment;
 * `shown` suites print what they measure also when they pass.
 */
const vitest = (name, project, limitMs, more = {}) => ({ name, kind: 'tests', project, limitMs, ...more });

const MINUTE_MS = 60_000;

const BUILD = {
  name: 'build',
  kind: 'check',
  commands: [command('nx', 'run-many', '-t', 'build', '--output-style=static')],
  limitMs: 8 * MINUTE_MS,
  together: true,
};

const QUICK = [
  BUILD,
  {
    name: 'lint',
    kind: 'check',
    commands: [command('oxlint', '--type-aware', '--deny-warnings', '.'), command('biome', 'format', '.')],
    limitMs: 5 * MINUTE_MS,
    together: true,
  },
  vitest('unit', 'unit', 6 * MINUTE_MS, { needs: ['redis-server'] }),
  vitest('structure', 'structure', 2 * MINUTE_MS, { together: true }),
  vitest('contract', 'contract', 3 * MINUTE_MS, { needs: ['redis-server'] }),
  vitest('sim', 'sim', 6 * MINUTE_MS, { shown: true }),
  vitest('e2e', 'e2e', 10 * MINUTE_MS, { needs: ['redis-server'], shown: true, without: CONSOLE }),
];

/** Other seeds than the quick form's: so many that both simulations take five minutes beside each other on two cores. */
const LONG_SIM = {
  HOLDFAST_SIM_FROM: '201',
  HOLDFAST_SIM_SEEDS: '400',
  HOLDFAST_SET_FROM: '101',
  HOLDFAST_SET_SEEDS: '700',
};

/** The same tests once more, on a newer Redis: what its commands, its Sentinel and its users do differently shows. */
const ON_REDIS_8 = { needs: ['redis-8'], env: { HOLDFAST_REDIS_SERVER: REDIS_8 } };
const REDIS_TESTS = ['libs/redis/', 'libs/topology/', 'apps/warden/', 'apps/backend/'];

const LONG = [
  vitest('contract, Redis 8', 'contract', 3 * MINUTE_MS, ON_REDIS_8),
  vitest('unit, Redis 8', 'unit', 3 * MINUTE_MS, { ...ON_REDIS_8, paths: REDIS_TESTS }),
  vitest('planted', 'planted', 15 * MINUTE_MS, {
    needs: ['redis-server'],
    env: { HOLDFAST_REDIS_8: REDIS_8 },
  }),
  // Redis for ten minutes, engines for two; what the machine cannot do (links, disks, clocks) they tell, and leave out.
  vitest('chaos', 'chaos', 18 * MINUTE_MS, { needs: ['redis-server'], shown: true }),
  vitest('sim, long', 'sim', 15 * MINUTE_MS, { env: LONG_SIM, shown: true }),
];

/** On a real Docker engine; needs root. They build the images from what the first suite has made. */
const INFRA = [
  vitest('infra', 'infra', 20 * MINUTE_MS, {
    needs: ['containers'],
    env: { HOLDFAST_CONTAINERS: CONTAINERS },
    shown: true,
  }),
];

/** The suites to run: the quick ones, with `all` the long ones and those of containers too, with `infra` the last alone. */
export function suites(which) {
  if (which === 'infra') return [BUILD, ...INFRA];
  return which === 'all' ? [...QUICK, ...LONG, ...INFRA] : QUICK;
}
