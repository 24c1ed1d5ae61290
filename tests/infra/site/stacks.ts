/** The stacks of an environment under Terraform: synthesised, applied, planned, destroyed, each as people do it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attempt, type Ran, run, type RunOptions } from '../host/commands.ts';
import type { Stage } from '../host/global-setup.ts';
import type { EnvironmentFiles } from './environment.ts';

/** In the order in which they are brought up. */
export const PARTS = ['base', 'data', 'apps', 'monitoring'] as const;
export type Part = (typeof PARTS)[number];

export type Change = { readonly address: string; readonly actions: readonly string[] };

export type Stacks = {
  /** Writes the stacks anew from the environment's file. */
  readonly synthesise: () => Promise<void>;
  readonly validate: (part: Part) => Promise<void>;
  /** Answers what Terraform counts: added, changed, destroyed. */
  readonly apply: (part: Part) => Promise<readonly number[]>;
  readonly applyAll: () => Promise<void>;
  /** What a plan would change; empty when nothing. */
  readonly plan: (part: Part) => Promise<readonly Change[]>;
  /** Whatever comes of it. */
  readonly destroy: (part: Part, ...words: string[]) => Promise<Ran>;
};

const MAIN = fileURLToPath(new URL('../../../infra/cdktf/src/main.ts', import.meta.url));
const APPLY_LIMIT_MS = 240_000;
const NOTHING = ['no-op', 'read'];

/** The stacks of these files. */
export function createStacks(stage: Stage, files: EnvironmentFiles): Stacks {
  const output = join(stage.folder, `${files.name}-stacks`);
  mkdirSync(output, { recursive: true });
  const options = (part: Part): RunOptions => ({
    cwd: join(output, 'stacks', `${files.name}-${part}`),
    env: stage.env,
    limitMs: APPLY_LIMIT_MS,
  });
  const terraform = (part: Part, ...words: string[]): Promise<string> =>
    run('terraform', [...words, '-no-color'], options(part));
  const initialised = new Set<Part>();
  const ready = async (part: Part): Promise<void> => {
    if (initialised.has(part)) return;
    await terraform(part, 'init');
    initialised.add(part);
  };
  const apply = async (part: Part): Promise<readonly number[]> => {
    await ready(part);
    const said = await terraform(part, 'apply', '-auto-approve');
    const counts = /(\d+) added, (\d+) changed, (\d+) destroyed/.exec(said)?.slice(1).map(Number);
    if (counts === undefined)
      throw new Error(`terraform apply of ${part} counted nothing: ${said.slice(-500)}`);
    return counts;
  };
  return {
    synthesise: async () => {
      await run(process.execPath, [MAIN, '--environment', files.file, '--output', output]);
    },
    validate: async (part) => {
      await ready(part);
      await terraform(part, 'validate');
    },
    apply,
    applyAll: async () => {
      for (const part of PARTS) await apply(part);
    },
    plan: async (part) => {
      await ready(part);
      await terraform(part, 'plan', '-out=next.plan');
      const shown = await run('terraform', ['show', '-json', 'next.plan'], options(part));
      const { resource_changes: changes = [] } = JSON.parse(shown) as {
        resource_changes?: readonly { address: string; change: { actions: readonly string[] } }[];
      };
      return changes
        .map(({ address, change }) => ({ address, actions: change.actions }))
        .filter(({ actions }) => !actions.every((action) => NOTHING.includes(action)));
    },
    destroy: (part, ...words) =>
      attempt('terraform', ['destroy', '-auto-approve', '-no-color', ...words], options(part)),
  };
}
