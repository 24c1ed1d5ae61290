/**
 * Synthesises the stacks of an environment, for `terraform` and for `cdktf`:
 *
 *   node infra/cdktf/src/main.ts --environment local
 *   node infra/cdktf/src/main.ts --environment /etc/holdfast/site.yaml --output /var/tmp/site --local-secrets /etc/holdfast/secrets
 *
 * The environment is a name in environments/ or a file; without the option HOLDFAST_ENVIRONMENT names it, which is how
 * `cdktf` passes it on. A wrong one is refused with every fault before anything is written.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '@holdfast/configuration';
import { runCommand, WrongArguments } from '@holdfast/process';
import { loadEnvironment } from './environment/load.ts';
import { stackName } from './naming.ts';
import { addStacks } from './stacks.ts';
import { App } from './terraform.ts';

const ENVIRONMENTS = fileURLToPath(new URL('../environments/', import.meta.url));
const USAGE = 'usage: main.ts --environment NAME|FILE [--output FOLDER] [--local-secrets FOLDER]';

function main(): void {
  const text = { type: 'string' } as const;
  const { values: given } = parseArgs({
    options: { environment: text, output: text, 'local-secrets': text },
  });
  const localSecrets = given['local-secrets'];
  const environment = loadEnvironment(
    fileOf(given.environment ?? process.env['HOLDFAST_ENVIRONMENT']),
    localSecrets === undefined ? {} : { localSecrets: resolve(localSecrets) },
  );
  // cdktf names the folder in a variable of its own.
  const outdir = given.output === undefined ? {} : { outdir: resolve(given.output) };
  const app = new App(outdir);
  const stacks = addStacks(app, environment);
  app.synth();
  for (const part of stacks.keys()) {
    process.stdout.write(`${join(app.outdir, 'stacks', stackName(environment.name, part))}\n`);
  }
}

/** The file of an environment. */
function fileOf(given: string | undefined): string {
  const names = readdirSync(ENVIRONMENTS)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
  if (given === undefined) throw new WrongArguments(`${USAGE}\nenvironments: ${names.join(', ')}`);
  if (names.includes(given)) return join(ENVIRONMENTS, `${given}.yaml`);
  if (/[/.]/.test(given) && existsSync(given)) return given;
  throw new WrongArguments(
    `--environment ${given}: expected one of ${names.join(', ')}, or the file of another`,
  );
}

await runCommand(main, [ConfigurationError]);
