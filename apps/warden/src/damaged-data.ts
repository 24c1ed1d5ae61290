/**
 * A Redis node whose append-only file is damaged ends at each start. A node starts as a replica and takes its data from
 * the primary, so its own file may be put aside: when it passes the start gate for the third time within a minute, the
 * file is checked, and a damaged one is renamed, so that the node starts empty.
 *
 * Only while another node is a primary with data. Else this file may be the last copy, and three nodes that had put
 * theirs aside would look like a first start: then nothing is touched, the node stays away, and a person decides.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, type GateNode, type Host, NodeUnavailable, type RedisNodes } from '@holdfast/ha-core';
import { parseRecord, parseRole, READ_RECORD } from '@holdfast/redis';
import {
  APPEND_ONLY_FOLDER,
  aofVerdict,
  DUMP_FILE,
  putAsideName,
  type Ran,
  rdbVerdict,
  tooMany,
  type Verdict,
  verdictOfLog,
  withPass,
  YOUNG_STARTS,
} from './damage-rule.ts';

export type DataGuardOptions = {
  readonly host: Host;
  /** Opens connections to the other Redis nodes. */
  readonly redis: RedisNodes;
  readonly nodes: readonly GateNode[];
  /** The node's data folder, absolute. */
  readonly folder: string;
  /** The file that the node's own output goes to, where there is one. */
  readonly log?: string | undefined;
  /** The node's redis-server: the check programs beside it know its format. Without it they are sought on PATH. */
  readonly redisServer?: string;
};

/** The times at which this node passed the gate, in its data folder. */
const PASSES_FILE = 'gate-passes.json';
const MANIFEST = join(APPEND_ONLY_FOLDER, 'appendonly.aof.manifest');
const LOG_BYTES = 64 * 1024;
/** With less room than this Redis cannot work. */
const ROOM_BYTES = 1024 * 1024;
/** A check may take 5 s, and 5 s more for each 100 MB: measured 3 s per 100 MB on two cores with a load of 30. */
const CHECK_MS = 5000;
const CHECK_PART_BYTES = 100_000_000;
const OUTPUT_BYTES = 1024 * 1024;
/** A damaged node has no hurry; a busy one may be late. */
const ASK_MS = 2000;

/**
 * Called once before each start of the node `self`. Answers one line for people when there is something to tell. Never
 * rejects for what disk, programs or other nodes do: the node is then started as it is.
 */
export async function guardData(options: DataGuardOptions, self: string): Promise<string | undefined> {
  try {
    return await guard(options, self);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (typeof code !== 'string') throw error;
    if (code === 'ENOSPC') return diskLine(options, self, 'is full');
    return `${self}: its data in ${options.folder} cannot be looked after (${String(error)}); nothing more is touched: look at this folder and its disk`;
  }
}

async function guard(options: DataGuardOptions, self: string): Promise<string | undefined> {
  const { folder, host } = options;
  const ofLog = options.log === undefined ? undefined : verdictOfLog(lastPart(options.log));
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < ROOM_BYTES) return diskLine(options, self, 'is full');
  if (ofLog?.is === 'disk') return diskLine(options, self, ofLog.why);
  const passes = count(folder, host.wallMs());
  if (passes < YOUNG_STARTS) return undefined;
  const said = await verdictOfFiles(options);
  const verdict: Verdict =
    said.is === 'sound' && ofLog?.is === 'damaged' ? { is: 'damaged', why: ofLog.why } : said;
  const often = `${self} starts for the ${passes}th time within a minute`.replace(' 3th ', ' third ');
  if (verdict.is === 'sound') {
    return `${often}, and its append-only file is sound: why it ends is in its log`;
  }
  if (verdict.is === 'undecided') {
    return `${often}, and whether its append-only file is damaged cannot be told: ${verdict.why}. Nothing is touched; while another node has the data, move ${join(folder, APPEND_ONLY_FOLDER)} aside and start the node`;
  }
  const found = `${self}: its append-only file is damaged (${verdict.why})`;
  const own = options.nodes.find(({ name }) => name === self);
  if (own !== undefined && (await seen(options, own)) !== 'refused') {
    return `${found}, and it is not sure that nothing runs at ${own.host}:${own.port}: nothing is touched while the node runs`;
  }
  const source = await primaryWithData(options, self);
  if (source === undefined) {
    return `${found}, and no other node is a primary with data: this may be the last copy, so nothing is touched. Bring the other nodes up first; only if none of them has the data: redis-check-aof --fix ${join(folder, MANIFEST)} on a copy shows what is left`;
  }
  const aside = await putAside(options);
  return `${found} and was put aside as ${aside}; the node starts empty and copies everything from ${source}`;
}

const diskLine = ({ folder }: DataGuardOptions, self: string, how: string): string =>
  `${self}: its disk ${how} (${folder}); nothing is put aside: ${how === 'is full' ? 'make room' : 'mend or replace the disk'}, then it starts and copies what it missed from the primary`;

/** Writes this pass down; how many there were within a minute, this one too. */
function count(folder: string, nowMs: number): number {
  const file = join(folder, PASSES_FILE);
  const passes = withPass(readPasses(file), nowMs);
  // Whole or not at all: on a full disk the earlier passes must stay.
  writeFileSync(`${file}.new`, `${JSON.stringify(passes)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return passes.length;
}

/** A file that is no list of times counts as none: then the count begins anew. */
function readPasses(file: string): readonly number[] {
  if (!existsSync(file)) return [];
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(read) ? read.filter((one) => typeof one === 'number') : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

async function verdictOfFiles(options: DataGuardOptions): Promise<Verdict> {
  const { folder } = options;
  const manifest = join(folder, MANIFEST);
  // Without a manifest Redis begins a new file by itself.
  if (!existsSync(manifest)) return { is: 'sound' };
  const lastFile = [...readFileSync(manifest, 'latin1').matchAll(/^file (\S+) /gm)].at(-1)?.[1];
  const data = join(folder, APPEND_ONLY_FOLDER);
  const bytes = readdirSync(data).reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
  return aofVerdict(await check(programOf(options, 'redis-check-aof'), manifest, bytes), lastFile);
}

function programOf({ redisServer }: DataGuardOptions, name: string): string {
  if (redisServer === undefined) return name;
  const beside = join(dirname(redisServer), name);
  return beside !== name && existsSync(beside) ? beside : name;
}

/** Never rejects: a program that is missing or takes too long has not decided. */
function check(program: string, file: string, bytes: number): Promise<Ran> {
  const timeout = CHECK_MS + Math.ceil(bytes / CHECK_PART_BYTES) * CHECK_MS;
  const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES, encoding: 'latin1' } as const;
  return new Promise((resolve) => {
    const child = execFile(program, [file], limits, (error, stdout, stderr) => {
      if (error === null || typeof error.code === 'number') {
        resolve({ is: 'ended', code: Number(error?.code ?? 0), output: `${stdout}\n${stderr}` });
      } else if (error.code === 'ENOENT') {
        resolve({ is: 'not-run', why: `${program} is not on PATH (Debian: apt-get install redis-tools)` });
      } else {
        const how = error.killed === true ? `gave no answer within ${timeout} ms` : error.message;
        resolve({ is: 'not-run', why: `${program} ${how.slice(0, 200)}` });
      }
    });
    child.stdin?.end();
  });
}

/** Renames the append-only folder, and a dump that is damaged too; the new name of the folder. */
async function putAside(options: DataGuardOptions): Promise<string> {
  const { folder, host } = options;
  const now = new Date(host.wallMs()).toISOString();
  const move = (name: string): string => {
    const aside = join(folder, putAsideName(name, now));
    renameSync(join(folder, name), aside);
    for (const old of tooMany(readdirSync(folder), name)) rmSync(join(folder, old), { recursive: true });
    return aside;
  };
  const aside = move(APPEND_ONLY_FOLDER);
  const dump = join(folder, DUMP_FILE);
  if (existsSync(dump)) {
    const verdict = rdbVerdict(await check(programOf(options, 'redis-check-rdb'), dump, statSync(dump).size));
    if (verdict.is === 'damaged') move(DUMP_FILE);
  }
  // What comes now is another story.
  rmSync(join(folder, PASSES_FILE), { force: true });
  return aside;
}

/** The name of another node that says it is primary and holds the record of the in-sync set. */
async function primaryWithData(options: DataGuardOptions, self: string): Promise<string | undefined> {
  const others = options.nodes.filter(({ name }) => name !== self);
  const found = await Promise.all(others.map((node) => seen(options, node)));
  return others.find((_, index) => found[index] === 'primary')?.name;
}

/** `refused` means that nobody listens there; a frozen node is silent. */
async function seen(
  { redis, host }: DataGuardOptions,
  node: GateNode,
): Promise<'refused' | 'silent' | 'primary' | 'other'> {
  const untilMs = host.monotonicMs() + ASK_MS;
  const commands: Command[] = [['ROLE'], READ_RECORD];
  try {
    const connection = await redis.open(node, ASK_MS);
    try {
      const [role, record] = await connection.run(commands, Math.max(1, untilMs - host.monotonicMs()));
      const hasData = (parseRecord(record)?.term ?? 0) > 0;
      return parseRole(role).is === 'primary' && hasData ? 'primary' : 'other';
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof NodeUnavailable) return /ECONNREFUSED/.test(error.message) ? 'refused' : 'silent';
    throw error;
  }
}

/** The end of a log; empty where there is none. */
function lastPart(file: string): string {
  if (!existsSync(file)) return '';
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const buffer = Buffer.alloc(Math.min(size, LOG_BYTES));
    readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('latin1');
  } finally {
    closeSync(descriptor);
  }
}
