/**
 * Which Docker provider Terraform has here: the real one, from its registry or from the mirror that TF_CLI_CONFIG_FILE
 * names, or else the one of these tests, built from tests/infra/provider and put under the same address into a mirror.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { attempt, run } from './commands.ts';

export type Provider = {
  /** Which of the two, in words. */
  readonly told: string;
  /** Terraform's environment. */
  readonly env: NodeJS.ProcessEnv;
};

const SOURCES = fileURLToPath(new URL('../provider/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/holdfast/provider/', import.meta.url));
const SOURCE = 'kreuzwerker/docker';
/** The version that the stacks ask for. */
const VERSION = '3.6.2';
const REGISTRY_LIMIT_MS = 60_000;
const BUILD_LIMIT_MS = 600_000;

/** Finds the provider, or builds one. Terraform asks nobody for news of itself. */
export async function chooseProvider(folder: string, env: NodeJS.ProcessEnv): Promise<Provider> {
  const quiet = { ...env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_INPUT: '0' };
  const trial = join(folder, 'provider-trial');
  mkdirSync(trial);
  const wanted = { terraform: { required_providers: { docker: { source: SOURCE, version: VERSION } } } };
  writeFileSync(join(trial, 'main.tf.json'), JSON.stringify(wanted));
  const options = { cwd: trial, env: quiet, limitMs: REGISTRY_LIMIT_MS };
  const found = await attempt('terraform', ['init', '-no-color'], options);
  if (found.code === 0) return { told: `the real provider ${SOURCE} ${VERSION}`, env: quiet };

  // Terraform itself says which host stands before the name.
  const said = await run('terraform', ['providers', '-no-color'], options);
  const address = /provider\[([^\]]+)\]/.exec(said)?.[1];
  if (address === undefined) throw new Error(`terraform providers names none: ${said}`);
  const platform = JSON.parse(await run('terraform', ['version', '-json'], options)) as { platform: string };
  const place = join(folder, 'mirror', address, VERSION, platform.platform);
  mkdirSync(place, { recursive: true });
  const program = join(place, `terraform-provider-docker_v${VERSION}`);
  copyFileSync(await built(quiet), program);
  chmodSync(program, 0o755);
  const file = join(folder, 'terraform.rc');
  const path = JSON.stringify(join(folder, 'mirror'));
  writeFileSync(file, `provider_installation {\n  filesystem_mirror {\n    path = ${path}\n  }\n}\n`);
  return {
    told: `the provider of the tests (tests/infra/provider), because Terraform cannot have ${SOURCE} ${VERSION} here`,
    env: { ...quiet, TF_CLI_CONFIG_FILE: file, HOLDFAST_TEST_PROVIDER_ADDRESS: address },
  };
}

/** Built once for its sources. */
async function built(env: NodeJS.ProcessEnv): Promise<string> {
  const hash = createHash('sha256');
  for (const name of readdirSync(SOURCES).sort()) {
    if (/\.go$|^go\.(mod|sum)$/.test(name)) hash.update(name).update(readFileSync(join(SOURCES, name)));
  }
  const program = join(CACHE, hash.digest('hex').slice(0, 16));
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const words = ['build', '-trimpath', '-o', `${program}.new`, '.'];
  await run('go', words, { cwd: SOURCES, env: { ...env, CGO_ENABLED: '0' }, limitMs: BUILD_LIMIT_MS });
  renameSync(`${program}.new`, program);
  return program;
}
