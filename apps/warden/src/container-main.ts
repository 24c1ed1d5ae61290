/**
 * A Redis node or a Sentinel in a container: writes its configuration, passes the start gate, and becomes redis-server, so
 * that Redis is the container's first process and gets its signals itself.
 *
 *   node container-main.js redis --config holdfast.yaml --name redis-1 [--data /data]
 *   node container-main.js sentinel --config holdfast.yaml --name sentinel-1 [--data /data]
 *
 * redis.conf goes to the temporary folder: it is written anew at each start, and CONFIG REWRITE must be able to replace it
 * while the root of the container is read-only. Sentinel's own file stays with the data, because it is Sentinel's memory.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  type LoadedConfiguration,
  loadConfiguration,
  redisAccess,
  redisSecrets,
} from '@holdfast/configuration';
import { type Endpoint, profile } from '@holdfast/ha-core';
import { programOnPath, realHost, runCommand, WrongArguments } from '@holdfast/process';
import { createRedisNodes } from '@holdfast/redis';
import { REDIS_CONF, redisConf, SENTINEL_CONF, sentinelConf, sentinelFileFits } from '@holdfast/topology';
import { guardData } from './damaged-data.ts';
import { gateLines, passGate, startText } from './gate.ts';
import { askWorkingPrimary } from './working-primary.ts';

const USAGE = 'usage: container-main.js redis|sentinel --config FILE --name NAME [--data FOLDER]';

type Arguments = {
  readonly kind: 'redis' | 'sentinel';
  readonly configuration: LoadedConfiguration;
  readonly name: string;
  readonly folder: string;
};

function readArguments(): Arguments {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    options: { config: text, name: text, data: { ...text, default: '/data' } },
    allowPositionals: true,
  });
  const [kind] = positionals;
  const { config, name, data } = values;
  if ((kind !== 'redis' && kind !== 'sentinel') || config === undefined || name === undefined) {
    throw new WrongArguments(USAGE);
  }
  return { kind, configuration: loadConfiguration(config), name, folder: resolve(data) };
}

/** The entry of this name in the configuration. */
function entryOf<Entry extends { readonly name: string }>(
  { configuration, name }: Arguments,
  entries: readonly Entry[],
): Entry {
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const names = entries.map((entry) => entry.name).join(', ');
  throw new WrongArguments(`--name ${name}: expected one of those in ${configuration.file}: ${names}`);
}

/** Writes what this start needs; answers the arguments of redis-server. */
async function prepareRedis(given: Arguments, redisServer: string): Promise<readonly string[]> {
  const { configuration, name, folder } = given;
  const { redis, profile: profileName } = configuration.values;
  const node = entryOf(given, redis.nodes);
  const access = createRedisNodes(redisAccess(configuration, 'warden'));
  const guarded = { host: realHost, redis: access, nodes: redis.nodes, folder, redisServer };
  const damage = await guardData(guarded, name);
  if (damage !== undefined) process.stdout.write(`${damage}\n`);
  const decision = await passGate({ ...redis, host: realHost, redis: access }, name);
  const secrets = redisSecrets(configuration);
  const conf = redisConf({ node, folder, redis, numbers: profile(profileName), ...secrets });
  const file = join(tmpdir(), REDIS_CONF);
  const gate = join(tmpdir(), 'gate.conf');
  writeFileSync(file, conf, { mode: 0o600 });
  writeFileSync(gate, gateLines(decision), { mode: 0o600 });
  process.stdout.write(`${name} ${startText(decision)}\n`);
  // After redis.conf, so that it is not rewritten with what an earlier start was told.
  return [file, '--include', gate];
}

async function prepareSentinel(given: Arguments): Promise<readonly string[]> {
  const { configuration, folder } = given;
  const { redis, profile: profileName } = configuration.values;
  const node = entryOf(given, redis.sentinels);
  const conf = { node, folder, redis, numbers: profile(profileName), ...redisSecrets(configuration) };
  const file = join(folder, SENTINEL_CONF);
  // One that fits holds what this Sentinel knows.
  if (existsSync(file) && sentinelFileFits(readFileSync(file, 'utf8'), conf)) return [file, '--sentinel'];
  const access = createRedisNodes(redisAccess(configuration, 'warden'));
  const primary: Endpoint | undefined = (await askWorkingPrimary(access, redis.nodes)) ?? redis.nodes[0];
  if (primary === undefined) throw new Error('a configuration has at least one Redis node');
  writeFileSync(file, sentinelConf({ ...conf, primary }), { mode: 0o600 });
  return [file, '--sentinel'];
}

async function main(): Promise<void> {
  const given = readArguments();
  const redisServer = programOnPath('redis-server');
  if (redisServer === undefined) throw new Error(`redis-server is not on PATH: ${process.env['PATH']}`);
  const args = given.kind === 'redis' ? await prepareRedis(given, redisServer) : await prepareSentinel(given);
  if (process.execve === undefined) throw new Error(`Node ${process.version} has no process.execve`);
  process.execve(redisServer, [redisServer, ...args], process.env);
}

// The first process of a container gets no signal that it does not ask for; from execve on they are Redis's.
process.once('SIGTERM', () => process.exit(143));
await runCommand(main, [ConfigurationError]);
