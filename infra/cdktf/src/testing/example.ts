/** For the tests: the example environments, with places of them changed, in a folder of its own; and what their stacks say. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigurationError, type Fault } from '@holdfast/configuration';
import { type Environment, loadEnvironment } from '../environment/load.ts';
import type { Part } from '../naming.ts';
import { addStacks } from '../stacks.ts';
import { Testing } from '../terraform.ts';

export const EXAMPLES = ['local', 'production'] as const;
export type Example = (typeof EXAMPLES)[number];

/** Texts to find, each with what replaces its first place; each must be there. */
export type Changes = Readonly<Record<string, string>>;

const ENVIRONMENTS = fileURLToPath(new URL('../../environments/', import.meta.url));

/** Runs something with the file of a changed example; the folder is gone afterwards. */
export function withExample<Result>(
  example: Example,
  changes: { readonly environment?: Changes; readonly cluster?: Changes },
  run: (file: string, folder: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-environment-'));
  try {
    mkdirSync(join(folder, example));
    const copy = (path: string, own: Changes = {}): void =>
      writeFileSync(join(folder, path), replaced(readFileSync(join(ENVIRONMENTS, path), 'utf8'), own));
    copy(`${example}.yaml`, changes.environment);
    copy(`${example}/holdfast.yaml`, changes.cluster);
    return run(join(folder, `${example}.yaml`), folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function replaced(text: string, changes: Changes): string {
  return Object.entries(changes).reduce((now, [find, replace]) => {
    if (!now.includes(find)) throw new Error(`the example does not hold ${find}`);
    return now.replace(find, () => replace);
  }, text);
}

/** A changed example, loaded. */
export function changedExample(
  example: Example,
  changes: { readonly environment?: Changes; readonly cluster?: Changes } = {},
): Environment {
  return withExample(example, changes, (file) => loadEnvironment(file));
}

/** Every fault of a changed example; an empty list when it is right. */
export function faultsOf(
  example: Example,
  changes: { readonly environment?: Changes; readonly cluster?: Changes },
): readonly Fault[] {
  return faultsIn(() => changedExample(example, changes));
}

/** Every fault that loading tells; an empty list when it tells none. */
export function faultsIn(load: () => unknown): readonly Fault[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

/** A container as the stacks say it; what is not named here is looked at by its key. */
export type ContainerText = {
  readonly name: string;
  readonly env: readonly string[];
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly user: string;
  readonly ports?: readonly { readonly ip: string; readonly internal: number; readonly external: number }[];
  readonly volumes: readonly { readonly volume_name?: string; readonly host_path?: string }[];
  readonly healthcheck: { readonly test: readonly string[]; readonly interval: string };
  readonly [key: string]: unknown;
};

export type StackText = {
  readonly resource: {
    readonly docker_container?: Readonly<Record<string, ContainerText>>;
    readonly docker_image?: Readonly<Record<string, { readonly name: string }>>;
    readonly docker_network?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly docker_volume?: Readonly<Record<string, { readonly name: string }>>;
  };
  readonly [key: string]: unknown;
};

/** The stacks of an environment, as Terraform will read them. */
export function stackTexts(environment: Environment): ReadonlyMap<Part, StackText> {
  const stacks = addStacks(Testing.app({ enableFutureFlags: false }), environment);
  return new Map(
    [...stacks].map(([part, { scope }]) => [part, JSON.parse(Testing.synth(scope)) as StackText]),
  );
}

/** All containers of an environment, by their names in it. */
export function containersOf(environment: Environment): ReadonlyMap<string, ContainerText> {
  const texts = [...stackTexts(environment).values()];
  return new Map(texts.flatMap(({ resource }) => Object.entries(resource.docker_container ?? {})));
}

/** The value of a variable of a container's environment. */
export function variable(container: ContainerText | undefined, name: string): string {
  const found = container?.env.find((line) => line.startsWith(`${name}=`));
  if (found === undefined) throw new Error(`${container?.name} has no variable ${name}`);
  return found.slice(name.length + 1);
}
