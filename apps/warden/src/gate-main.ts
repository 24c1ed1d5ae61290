/**
 * The start gate as a command, for service managers: run before each start of a Redis node.
 *
 *   node apps/warden/src/gate-main.ts --config holdfast.yaml --name redis-1 --out gate.conf
 *   redis-server redis.conf --include gate.conf
 *
 * With `--data FOLDER`, the node's data folder, a damaged append-only file is put aside when the node ends young again and
 * again (damaged-data.ts); `--log FILE`, where its output goes to a file, tells more of why it ends.
 *
 * Writes that the node holds (a replica of itself, priority 0), says whom the Sentinels name, and ends with 0. The file
 * is named on Redis's command line and not in redis.conf: what CONFIG REWRITE appends to redis.conf would come after an
 * include there, and win.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError, loadConfiguration, redisAccess } from '@holdfast/configuration';
import { realHost, runCommand, WrongArguments } from '@holdfast/process';
import { createRedisNodes } from '@holdfast/redis';
import { guardData } from './damaged-data.ts';
import { gateLines, passGate, startText } from './gate.ts';

const USAGE = 'usage: gate-main.ts --config FILE --name REDIS-NODE --out FILE [--data FOLDER] [--log FILE]';

type Arguments = {
  readonly config: string;
  readonly name: string;
  readonly out: string;
  readonly data: string | undefined;
  readonly log: string | undefined;
};

function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  const options = { config: text, name: text, out: text, data: text, log: text };
  const { config, name, out, data, log } = parseArgs({ options }).values;
  if (config === undefined || name === undefined || out === undefined) throw new WrongArguments(USAGE);
  return { config, name, out, data, log };
}

async function main({ config, name, out, data, log }: Arguments): Promise<void> {
  const configuration = loadConfiguration(config);
  const { redis } = configuration.values;
  if (!redis.nodes.some((node) => node.name === name)) {
    const names = redis.nodes.map((node) => node.name).join(', ');
    throw new WrongArguments(`--name ${name}: expected one of the Redis nodes in ${config}: ${names}`);
  }
  const access = createRedisNodes(redisAccess(configuration, 'warden'));
  if (data !== undefined) {
    const guarded = { host: realHost, redis: access, nodes: redis.nodes, folder: resolve(data), log };
    const line = await guardData(guarded, name);
    if (line !== undefined) process.stdout.write(`${line}\n`);
  }
  const decision = await passGate({ ...redis, host: realHost, redis: access }, name);
  // Whole or not at all: Redis must not read half of it.
  writeFileSync(`${out}.new`, gateLines(decision), { mode: 0o600 });
  renameSync(`${out}.new`, out);
  process.stdout.write(`${name} ${startText(decision)}\n`);
}

await runCommand(() => main(readArguments()), [ConfigurationError]);
