/**
 * `cluster.json`: the supervisor's record. Which processes it started (so that a later start recognises what a killed
 * supervisor left behind), how each node is, and which Redis node was primary last.
 * The primary stops last; nothing is decided about data by this record.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { StateDamaged } from './state-damaged.ts';

const identitySchema = z.strictObject({ pid: z.int().min(1), started: z.string().min(1) });

export const NODE_STATES = ['waiting', 'starting', 'running', 'restarting', 'stopping', 'stopped'] as const;

const nodeSchema = z.strictObject({
  process: identitySchema.nullable(),
  state: z.enum(NODE_STATES),
  /** How often it was started again since the supervisor began. */
  restarts: z.int().min(0),
  detail: z.string(),
});

const recordSchema = z.strictObject({
  version: z.literal(1),
  supervisor: identitySchema.nullable(),
  /** The Redis node that was primary last; null until the cluster had one. */
  lastPrimary: z.string().nullable(),
  nodes: z.record(z.string(), nodeSchema),
});

export type NodeState = (typeof NODE_STATES)[number];
export type NodeRecord = z.output<typeof nodeSchema>;
export type ClusterRecord = z.output<typeof recordSchema>;

export const FIRST_RECORD: ClusterRecord = { version: 1, supervisor: null, lastPrimary: null, nodes: {} };

/** Reads the record. Throws `StateDamaged`, which names the path, when it is missing or not what a supervisor wrote. */
export function readRecord(path: string): ClusterRecord {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new StateDamaged(path, `cannot be read (${String(error)})`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new StateDamaged(path, 'is not JSON', { cause: error });
  }
  const checked = recordSchema.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new StateDamaged(path, `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unexpected'}`);
}

/** Writes the record whole: a crash leaves the old one or the new one. */
export function writeRecord(path: string, record: ClusterRecord): void {
  const beside = `${path}.new`;
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(beside, path);
}
